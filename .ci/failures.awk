# Reads what one step of the gate printed, and prints again what failed in it: the error of each failed test, each test
# that never ran because its file was given up, and the step itself if Deno gave no account of its tests.
#
#   awk -v step=NAME -v code=EXIT -v tests=1 -v names=FILE -f failures.awk LOG
#
# Errors go to standard output, 60 lines of each; one line for each failure goes to the file `names`. `tests=1` says that
# the step runs tests, so that without a summary it failed as a whole.
function name_failure(text) { print "  " text >> names }

function print_error(first, last,    i, end) {
  while (last > first && lines[last] ~ /^[ \t]*$/) last--
  end = last - first >= MOST ? first + MOST - 2 : last
  for (i = first; i <= end; i++) print lines[i]
  if (end < last) print "  … and " last - end " lines more, above"
  print ""
}

BEGIN { MOST = 60 }

{
  gsub(/\033\[[0-9;]*m/, "")
  sub(/\r$/, "")
  lines[NR] = $0
}

$0 == " ERRORS " && !errors { errors = NR }
$0 == " FAILURES " { failures = NR }
/^(ok|FAILED) \| [0-9]+ passed/ { summary = NR }
/ \.\.\. cancelled \(/ { cancelled[++cancelled_count] = $0 }

END {
  if (code == 0) exit
  if (tests && summary && failures) {
    # The names stand below the errors, in the same order; each error begins with its name.
    for (i = failures + 2; i < summary && lines[i] != ""; i++) failed[++count] = lines[i]
    at = errors
    for (n = 1; n <= count; n++) {
      while (at < failures && lines[at] != failed[n]) at++
      starts[n] = at
      at++
    }
    starts[count + 1] = failures
    for (n = 1; n <= count; n++) {
      print_error(starts[n], starts[n + 1] - 1)
      name_failure(failed[n])
    }
    for (n = 1; n <= cancelled_count; n++) name_failure(cancelled[n])
    exit
  }
  # A file that could not be loaded keeps all from running, and a crash of Deno ends all: both without a summary.
  print_error(NR > MOST ? NR - MOST + 2 : 1, NR)
  name_failure("step " step ", exit code " code (tests && !summary ? ", no summary of its tests" : ""))
}
