/* The version of the Pinion headers, and of the library they are used with. */
#ifndef PINION_VERSION_H
#define PINION_VERSION_H

#define PN_VERSION_MAJOR 0
#define PN_VERSION_MINOR 1
#define PN_VERSION_PATCH 0
#define PN_VERSION "0.1.0"

/* Marks what libpinion.so exports. */
#define PN_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is running, such as "0.1.0". The string is static: never free it. */
PN_API const char* pn_version(void);

#ifdef __cplusplus
}
#endif

#endif
