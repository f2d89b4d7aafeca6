# The account ./test keeps: what passed and failed, and where the time went. Sourced by bash.
#
# Two files, so that steps may run in processes of their own:
#   steps  microseconds <tab> name of the step
#   cases  group <tab> pass|fail|skip <tab> seconds <tab> name of the test

report_dir=build/report
child=''

report_begin() {
  mkdir -p "$report_dir"
  : >"$report_dir/steps"
  : >"$report_dir/cases"
  started=$(now)
}

now() { local t=$EPOCHREALTIME; echo "${t/[.,]/}"; }

# record GROUP pass|fail|skip SECONDS NAME
record() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$report_dir/cases"; }

# step NAME COMMAND...: runs it in a process group of its own and accounts for it; a failure that no test accounts for
# counts as a failed test itself.
step() {
  local name=$1 start status failed
  shift
  start=$(now)
  failed=$(count fail)
  "$@" </dev/null &
  child=$!
  wait "$child"
  status=$?
  child=''
  printf '%s\t%s\n' $(($(now) - start)) "$name" >>"$report_dir/steps"
  [[ $status == 0 ]] && return
  [[ $(count fail) == "$failed" ]] && record step fail 0 "$name"
  return $status
}

interrupted() {
  trap '' INT TERM
  [[ $child ]] && kill -TERM -- "-$child" 2>/dev/null && wait "$child"
  say "Interrupted."
  exit 130
}

count() { awk -F'\t' -v status="$1" '$2 == status { n++ } END { print n + 0 }' "$report_dir/cases"; }

# finish: the report, and the exit.
finish() {
  local passed failed skipped
  passed=$(count pass) failed=$(count fail) skipped=$(count skip)
  echo
  echo "Where the time went:"
  awk -F'\t' '$1 >= 50000 { printf "%9.1f s  %s\n", $1 / 1e6, $2 }' "$report_dir/steps"
  echo "By test program (the sum of its tests):"
  awk -F'\t' '$1 != "step" { program = $4; sub(/[.].*/, "", program); program = $1 " " program; time[program] += $3; tests[program]++ }
    END { for (p in time) printf "%9.1f s  %s (%d)\n", time[p], p, tests[p] }' "$report_dir/cases" | sort -rn
  echo "Slowest tests:"
  sort -t$'\t' -k3,3rn "$report_dir/cases" | head -n 8 | awk -F'\t' '{ printf "%9.1f s  %s %s\n", $3, $1, $4 }'
  awk -F'\t' '$2 == "fail" { print "FAILED: " $1 " " $4 }' "$report_dir/cases"
  ((passed + failed == 0)) && echo "FAILED: there are no tests."
  awk -v t=$(($(now) - started)) -v b="$budget_minutes" \
    'BEGIN { printf "Took %d min %d s; the budget of ./test is %d min.\n", t / 6e7, t / 1e6 % 60, b }'
  echo "$passed passed, $failed failed$( ((skipped)) && echo ", $skipped skipped")"
  ((passed > 0 && failed == 0))
  exit
}
