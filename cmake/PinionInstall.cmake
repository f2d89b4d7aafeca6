# What `cmake --install` puts in place: the library, its headers, the command, and how others find them
# (pkg-config: pinion; CMake: find_package(pinion), target pinion::pinion).
include(CMakePackageConfigHelpers)

install(TARGETS pinion EXPORT pinion-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS pinion_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/pinion DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pinion)
install(EXPORT pinion-targets NAMESPACE pinion:: FILE pinion-config.cmake DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/pinion-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pinion-config-version.cmake DESTINATION ${package_dir})

# pinion.pc finds the prefix from its own place, so that `cmake --install --prefix` may choose it late.
file(RELATIVE_PATH PINION_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${CMAKE_CURRENT_LIST_DIR}/pinion.pc.in ${PROJECT_BINARY_DIR}/pinion.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pinion.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
