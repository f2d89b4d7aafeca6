# The steps of ./test that check something; each records its tests (report.sh). Sourced by bash.

jobs=$(nproc)

# Sanitized programs want a predictable address space: ThreadSanitizer's run-time library of gcc 12 does not start
# under the kernel's newer, wider randomization. (The build runs programs too: it asks them for their tests.)
unrandomized() {
  case $1 in
    asan | tsan | fuzz) setarch -R true 2>/dev/null && echo setarch -R ;;
  esac
}

build_all() {
  if [[ $(unrandomized "$1") ]]; then setarch -R bash -c ". scripts/common.sh; build $1 all"; else build "$1" all; fi
}

# run_tests PRESET: ctest, showing only what fails.
run_tests() {
  local tree=build/$1 junit=$PWD/build/$1/junit.xml status
  rm -f "$junit"
  $(unrandomized "$1") ctest --test-dir "$tree" -j "$jobs" --timeout 600 --no-tests=error \
    --output-on-failure --output-junit "$junit" 2>&1 |
    grep --line-buffered -vE '^ *Start +[0-9]+:|^ *[0-9]+/[0-9]+ Test .* (Passed|\*\*\*Skipped) |^Internal ctest|^$'
  status=${PIPESTATUS[0]}
  [[ -f $junit ]] && record_junit "$1" "$junit"
  return "$status"
}

# record_junit GROUP FILE: ctest writes one element a line. A test "notrun" was skipped by itself, or has no program.
record_junit() {
  awk -v group="$1" '
    function attribute(name) {
      return match($0, " " name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : ""
    }
    function flush() { if (test != "") printf "%s\t%s\t%s\t%s\n", group, status, seconds, test; test = "" }
    /<testcase / {
      flush()
      test = attribute("name"); seconds = attribute("time"); ran = attribute("status")
      status = ran == "run" ? "pass" : ran == "disabled" ? "skip" : "fail"
    }
    /<skipped message="SKIP_/ { status = "skip" }
    END { flush() }' "$2" >>"$report_dir/cases"
}

sources() { find source include tests bench -name '*.[ch]pp' -o -name '*.[ch]' | sort; }

# run_lint: each file's format and, for what the release build compiles, clang-tidy.
run_lint() {
  configure release
  local bad file log=$report_dir/tidy
  bad=$(sources | xargs clang-format --dry-run -Werror 2>&1) && record lint pass 0 format ||
    { echo "$bad"; record lint fail 0 format; }
  rm -rf "$log"
  mkdir -p "$log"
  sources | grep '\.cpp$' | grep -Fxf <(sed -n "s|^ *\"file\": \"$PWD/\(.*\)\".*|\1|p" build/release/compile_commands.json) |
    log=$log xargs -P "$jobs" -I{} bash -c '
      start=$SECONDS out=$log/$(tr / . <<<"{}")
      clang-tidy --quiet -p build/release "{}" >"$out" 2>&1 && verdict=pass || { verdict=fail; grep -v "warnings* generated" "$out"; }
      printf "lint\t%s\t%s\ttidy.%s\n" $verdict $((SECONDS - start)) "{}" >>'"$report_dir"'/cases'
  [[ $(count fail) == 0 ]]
}

# run_fuzzers SECONDS: each for so long, on a corpus that stays.
run_fuzzers() {
  local fuzzer name corpus log found=''
  while read -r fuzzer; do
    found=yes name=$(basename "$fuzzer") corpus=build/fuzz/corpus/$(basename "$fuzzer") log=build/fuzz/$(basename "$fuzzer").log
    mkdir -p "$corpus"
    echo "Fuzzing $name for $1 s"
    if $(unrandomized fuzz) "$fuzzer" -max_total_time="$1" -timeout=20 -artifact_prefix="build/fuzz/$name-" "$corpus" >"$log" 2>&1
    then record fuzz pass "$1" "$name"
    else record fuzz fail "$1" "$name"; tail -n 40 "$log"; fi
  done < <(find build/fuzz -name '*_fuzz' -type f -executable | sort)
  [[ $found && $(awk -F'\t' '$1 == "fuzz" && $2 == "fail"' "$report_dir/cases") == '' ]]
}
