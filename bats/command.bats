#!/usr/bin/env bats
# The monitor on records, and with a command, in one guest that command-guest keeps
# busy. Counts are compared to those that wait4 gives to busybox's time.

# bats file_tags=guest
# shellcheck disable=SC2154 # bats sets stderr

load helpers

setup_file() { export seen; seen=$(guest command); }

setup() { cd "$seen" || return; }

not_loaded="is the module loaded? 'modprobe mp3' or 'insmod ./mp3.ko' loads it"

# state_of NAME STATUS - the monitor's exit status
state_of() { assert_equal "$(grep "^$1 " states)" "$1 $2"; }

# The columns of a summary, in a file:
# 1 PID, 2 parent, 3 minor, 4 major, 5 minor/s, 6 major/s, 7 CPU s, 8 CPU %,
# 9 peak RSS in MB, 10 peak swap, 11 time, 12 command
# processes SUMMARY - the lines of processes
processes() { grep -E '^ *[0-9]+ ' "$1"; }

@test "the exit status is the command's, or 128 and the signal that killed it" {
	state_of fine 0
	state_of failed 3
	state_of killed 137
	run -0 head -n 2 killed.summary
	assert_line "monitor: sh -c kill -KILL \$\$ (killed: Killed)"
}

@test "a command that is not there is 127, one that cannot be executed 126, without a summary" {
	state_of missing 127
	assert_equal "$(cat missing.said)" "monitor: ./nowhere: No such file or directory"
	state_of directory 126
	assert_equal "$(cat directory.said)" "monitor: /etc: Permission denied"
	[ ! -s missing.summary ]
}

@test "the files for the summary and the trace are emptied when the command has begun, and not before" {
	assert_equal "$(cat kept.why)" "$(printf '%s\n' 'monitor: ./nowhere: No such file or directory' 'exit 127')"
	assert_equal "$(cat kept.summary kept.trace)" "$(printf '%s\n' old old)"
	assert_equal "$(sed -n 2p emptied.summary)" "monitor: true"
	run -1 grep -xE '[0-9]+' emptied.summary
	run -0 jq -r '.traceEvents[] | select(.name == "exit") | .ph' emptied.trace
	assert_output i
	# standard error is not ours to be emptied
	assert_equal "$(sed -n 1p added.summary)" old
	assert_equal "$(sed -n 3p added.summary)" "monitor: true"
}

@test "the command has the monitor's standard input and output, and nothing else is there" {
	state_of input 0
	assert_equal "$(cat input)" "from stdin"
	assert_empty input.said
}

# row_of COMMAND SUMMARY - its minor and major faults and its peak RSS in kB, of CSV
row_of() {
	awk -F , -v command="$1" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		$at["command"] == command { print $at["minor"], $at["major"], $at["peak_rss_kb"] }' "$2"
}

# time_said FILE - the same of the process that time has forked, by wait4
time_said() {
	awk -F ': ' '/Minor/ { minor = $2 } /Major/ { major = $2 } /Maximum resident/ { peak = $2 }
		END { print minor, major, peak }' "$1"
}

@test "a process's faults and peak RSS in the summary are those of wait4" {
	# time prints what wait4 says of the process that it forked, which is work
	run -0 row_of work time.summary
	said=$(time_said time.said)
	# a busybox before 1.37 takes the kilobytes of ru_maxrss for pages, and multiplies them by 4
	[ "$output" = "$said" ] || assert_output "${said% *} $((${said##* } / 4))"
	# 3000 touches of 5120 pages: 5120 (1 - (1 - 1/5120)^3000) = 2271 distinct ones
	[ "${output%% *}" -gt 2200 ]
}

# faults FORM FILE - minor and major ones of rusage, then of its child
faults() {
	case $1 in
	csv) awk -F , '$1 == "process" { print $7, $8 }' "$2" ;;
	json) jq -r 'select(.kind == "process") | "\(.minor) \(.major)"' "$2" ;;
	esac | paste -sd ' '
}

@test "the command itself is counted from its fork on, to the last fault" {
	# what getrusage said to the command as the last thing that it did
	assert_equal "$(faults csv own.summary)" "$(cat own)"
	assert_equal "$(faults json json.summary)" "$(cat json)"
	[ "$(cut -d ' ' -f 1 own)" -gt 3000 ]
}

@test "the summary is valid JSON, an object a line, and the same as CSV" {
	run -0 jq -rs '.[2] | "\(.kind) \(.processes) \(has("pid")) \(has("command"))"' json.summary
	assert_output "total 2 false false"
	run -0 jq -rs '"\(.[0].minor + .[1].minor - .[2].minor) \(.[0].parent) \(.[1].parent - .[0].pid) \(.[1].command)"' json.summary
	assert_output "0 0 0 rusage"
	assert_equal "$(jq -rs '.[0] | keys_unsorted | join(",")' json.summary)" "$(head -n 1 own.summary)"
	assert_equal "$(head -n 1 own.summary | tr ',' '\n' | wc -l)" "$(sed -n 2p own.summary | tr ',' '\n' | wc -l)"
}

@test "a name is what it is in each format" {
	run -0 jq -rs '.[0].command' named.json
	assert_output 'a"b,\134\303\251'
	run -0 sed -n '2s/^.*,\("a.*\)$/\1/p' named.csv
	assert_output '"a""b,\134\303\251"'
}

@test "the faults of the intervals add up to those of the summary, and their ends are where samples are" {
	run -0 jq -rs '(map(select(.kind == "interval") | .minor) | add) - (map(select(.kind == "process") | .minor) | add),
		(map(select(.kind == "interval-total") | .minor) | add) - (map(select(.kind == "total") | .minor) | add)' \
		intervals.summary
	assert_output $'0\n0'
	# work sleeps a second between its four iterations; the last interval is what is left
	run -0 jq -rs 'map(select(.kind == "interval-total") | .period_s) | length > 30 and all(.[1:-1][]; . > 0.09 and . < 0.11)' \
		intervals.summary
	assert_output true
	# what has done nothing in an interval is not listed
	[ "$(grep -c '"kind":"interval",' intervals.summary)" -lt 15 ]
}

@test "one line for all of a command, sorted, cut, and the total is that of all" {
	run -0 jq -r '"\(.kind) \(.command) \(.processes)"' by-command.summary
	assert_output "$(printf '%s\n' 'command rusage 2' 'command ls 3' 'total null 6')"
	run -0 jq -rs 'map(.period_s) | unique | length' by-command.summary
	assert_output 1
}

@test "the total is the sum of the processes" {
	run -0 awk '/^ *[0-9]/ { n++; minor += $3; major += $4 }
		$1 == "total" { print $2 - minor, $3 - major, $(NF - 1) - n, $NF }' pipeline.summary
	assert_output "0 0 0 processes"
	# over the time of the tree: its rate is no larger than the sum of theirs
	run -0 awk '/^ *[0-9]/ { rate += $5; if ($11 > most) most = $11 }
		$1 == "total" { print ($4 <= rate + 2), ($10 >= most) }' pipeline.summary
	assert_output "1 1"
}

@test "each process of a pipeline has its line, with the parent that forked it" {
	assert_equal "$(cat pipeline)" 1
	run -0 awk '/^ *[0-9]/ { names = names " " $12; if (NR == 4) root = $1; else if ($2 != root) print "not of root: " $0 }
		END { print names }' <(sed 1d pipeline.summary | cat <(echo) -)
	assert_output " sh cat wc"
}

@test "what outlives the command goes on, and is registered no longer" {
	assert_equal "$(cat listed)" 0
	assert_equal "$(wc -w < survivors)" 1
	run -0 awk -v pid="$(cat survivors)" '$1 == pid { print $12 }' survivor.summary
	assert_output sleep
}

@test "Ctrl-C ends the command, and the summary is still there" {
	assert_equal "$(cat interrupted)" "exit 130"
	run -0 cat interrupted.summary
	assert_line "monitor: sleep 100 (killed: Interrupt)"
	assert_equal "$(processes interrupted.summary | wc -l)" 1
}

@test "SIGTERM goes to the command" {
	assert_equal "$(cat terminated)" "exit 143"
	run -0 cat terminated.summary
	assert_line "monitor: sleep 100 (killed: Terminated)"
}

@test "where the monitor fails, the command is not begun, and the status is 125" {
	assert_equal "$(cat unwritable)" "$(printf '%s\n' 'monitor: /nowhere/file: No such file or directory' 'exit 125')"
	assert_equal "$(cat forbidden)" "$(printf '%s\n' 'monitor: /dev/mp3-records: Permission denied' 'exit 125')"
	assert_equal "$(cat unloaded)" \
		"$(printf '%s\n' "monitor: /dev/mp3-records is not there: $not_loaded" 'exit 125')"
	[ ! -e touched ]
}

@test "an output that fails after the command has run is 1, unless the command has failed" {
	assert_equal "$(cat full)" "$(printf '%s\n' 'monitor: the summary: No space left on device' 'exit 1')"
	assert_equal "$(cat full-failed)" "$(printf '%s\n' 'monitor: the summary: No space left on device' 'exit 3')"
}

@test "signals that are sent to monitor go to the command" {
	assert_equal "$(cat passed)" "$(printf '%s\n' HUP USR1 USR2 CONT 'exit 9')"
}

@test "a monitor that is killed leaves nobody registered" {
	assert_equal "$(paste -sd ' ' attached)" "1 0 0"
}

@test "in another PID namespace, the numbers are right, and a line says whose the PIDs are" {
	assert_equal "$(faults json pid.json)" "$(cat pid)"
	# the first of a namespace is counted from when it was attached to: none to 20 faults after its
	# fork, as the kernel copies page tables, and monitor's variables share pages
	run -0 awk '{ print ($1 <= own && own - $1 <= 30), $3 - child }' own="$(cut -d ' ' -f 1 pid-first)" \
		child="$(cut -d ' ' -f 3 pid-first)" <(faults json pid-first.json)
	assert_output "1 0"
	grep -qx 'monitor: PIDs are those of the initial PID namespace' pid.summary
}

@test "in another mount namespace, of monitor or of the command, the numbers are right" {
	for what in mount mount-in container; do
		assert_equal "$what: $(faults json $what.json)" "$what: $(cat $what)"
	done
}

@test "where the device or /proc is not mounted, one line says what is missing, and the command is not begun" {
	assert_equal "$(cat no-dev)" "$(printf '%s\n' "monitor: /dev/mp3-records is not there, but the module is loaded: \
'mknod /dev/mp3-records c $(cat major) 1' makes it" 'exit 125')"
	# a sanitizer, if it was built with one, misses /proc as well
	assert_equal "$(grep -v '^==[0-9]*==WARNING: reading executable name failed' no-proc)" \
		"$(printf '%s\n' 'monitor: /proc/devices: No such file or directory' 'exit 125')"
	[ ! -e touched ]
}

@test "with less memory than it wants, by its cgroup, a command is counted to the last fault" {
	# wait4 has the faults of both, to the last one; getrusage those until then, and to end, a process
	# may need a page that was swapped out
	run -0 jq -rs 'map(select(.command == "rusage")) | "\(map(.minor) | add) \(map(.major) | add)"' limited.json
	assert_output "$(time_said limited.said | cut -d ' ' -f 1,2)"
	run -0 jq -rs 'map(select(.command == "rusage")) | [.[] | .minor, .major] | join(" ")' limited.json
	echo "$output, and getrusage: $(cat limited)"
	run -0 awk 'NR == 1 { split($0, own) } NR == 2 { for (i = 1; i <= 4; i++) if ($i - own[i] < 0 || $i - own[i] > 2) print i }' \
		limited <(echo "$output")
	assert_output ""
	# 16 MB, of which 8 MB at most were there
	run -0 jq -rs 'map(select(.command == "rusage"))[0] | .peak_rss_kb <= 8192 + 2048 and .peak_swap_kb >= 8192' limited.json
	assert_output true
	state_of limited-work 0
	run -0 row_of work limited-work.summary
	assert_equal "${output% *}" "$(time_said limited-work.said | cut -d ' ' -f 1,2)"
	# they were swapped in again
	[ "$(cut -d ' ' -f 2 <<< "$output")" -gt 100 ]
}

@test "a command that is killed for want of memory is counted until then" {
	[ -e limited-killed ] || skip "this kernel counts no swap in a cgroup"
	grep -q 'signal 9' limited-killed.said
	run -0 row_of work limited-killed.summary
	assert_equal "${output% *}" "$(time_said limited-killed.said | cut -d ' ' -f 1,2)"
	[ "${output%% *}" -gt 1000 ]
}

@test "in another time namespace, the intervals are those of the command" {
	run -0 jq -rs 'map(select(.kind == "interval-total") | .time_s) | length > 3 and max < 10' time.json
	assert_output true
	run -0 jq -rs '(map(select(.kind == "interval-total") | .minor) | add) == .[-1].minor' time.json
	assert_output true
}

@test "a command that is setuid is counted as any other" {
	assert_equal "$(faults json setuid.json)" "$(cat setuid)"
}

# attached FILE - whom it was attached to, sorted
attached() { jq -r 'select(.kind == "process").pid' "$1" | sort -n; }

@test "-p takes one process, and -T the tree that is there, and what is forked later" {
	assert_equal "$(attached alone.json)" "$(head -n 1 tree.before)"
	# three more: the first sleep, a subshell, and its sleep
	sort -n tree.before > "$BATS_TEST_TMPDIR/before"
	assert_equal "$(comm -23 "$BATS_TEST_TMPDIR/before" <(attached whole.json))" ""
	assert_equal "$(attached whole.json | wc -l)" $(($(wc -l < "$BATS_TEST_TMPDIR/before") + 3))
	run -0 jq -rs 'last | .period_s > 1.9 and .period_s < 2.3' whole.json
	assert_output true
}

@test "processes are found by name, by user, and by cgroup, with those below it" {
	assert_equal "$(attached comm.json)" "$(tr ' ' '\n' < ./comm | sort -n)"
	assert_equal "$(attached user.json)" "$(sort -n user)"
	assert_equal "$(jq -r 'select(.kind == "process").command' cgroup.json)" "$(printf '%s\n' sleep sleep)"
	assert_equal "$(attached below.json | wc -l)" 1
	assert_equal "$(comm -13 <(attached cgroup.json) <(attached below.json))" ""
}

@test "whom monitor does not find, or may not profile, it says in a line" {
	assert_equal "$(cat nobody)" "$(printf '%s\n' 'monitor: processes named none,such: there are none' 'exit 1' \
		'monitor: processes in cgroup /ab: there are none' 'exit 1' \
		'monitor: cannot attach to process 99999: No such process' 'exit 1')"
	assert_equal "$(cat others)" "$(printf '%s\n' \
		"monitor: process $(head -n 1 tree.before) is somebody else's: Operation not permitted" 'exit 1')"
}

@test "-a takes everybody, and of a user, all that are his" {
	# but for those of one moment only
	total=$(jq -rs 'last.processes' all.json)
	[ "$total" -ge $(($(wc -l < all) - 3)) ]
	[ "$total" -le $(($(wc -l < all) + 3)) ]
	run -0 cat all.summary
	assert_line --regexp '^ +\.\.\. [0-9]+ more, which have done nothing$'
	mine=$(jq -rs 'last.processes' mine.json)
	[ "$mine" -ge "$(wc -l < mine)" ]
	[ "$mine" -le $(($(wc -l < mine) + 1)) ]
	run -0 cat mine.said
	assert_output --regexp '^monitor: [0-9]+ processes of others were left out$'
}

@test "what is counted of a process that runs already is the growth of its stat" {
	assert_equal "$(awk -F , '$1 == "process" { print $7, $8 }' busy.csv)" \
		"$(awk 'NR == 1 { minor = $1; major = $2 } NR == 2 { print $1 - minor, $2 - major }' busy)"
	[ "$(awk -F , '$1 == "process" { print $7 }' busy.csv)" -gt 100 ]
	# who had registered it before still has it
	[ "$(wc -l < busy.status)" = 1 ]
}

@test "whoever only looks has the intervals of what others have registered" {
	assert_equal "$(grep -c 'total .* 1 process$' looked)" 3
	assert_equal "$(head -n 1 looked.csv | cut -d ';' -f 1-4)" "kind;time_s;period_s;pid"
	assert_equal "$(tail -n 1 looked.csv | cut -d ';' -f 1,6)" "total;1"
}

@test "what is attached to is profiled until it ends" {
	assert_equal "$(processes until | awk '{ print $12 }')" work
	assert_equal "$(sed -n 2p until | cut -d ' ' -f 1,2)" "monitor: process"
}

@test "what is wrong with the device is said with what to do about it" {
	major=$(cat major)
	assert_equal "$(cat group)" "$(printf '%s\n' 'monitor: the live view needs a terminal' 'exit 1')"
	assert_equal "$(cat no-group)" "monitor: /dev/mp3-records: Permission denied"
	assert_equal "$(cat no-node)" "$(printf '%s\n' \
		"monitor: /dev/mp3-records is not there, but the module is loaded: 'mknod /dev/mp3-records c $major 1' makes it" 'exit 1')"
	assert_equal "$(cat stale)" "$(printf '%s\n' \
		"monitor: ./node is device 4:0, and the module is $major now: 'rm ./node; mknod ./node c $major 0'" 'exit 1')"
	assert_equal "$(cat minor)" "$(printf '%s\n' \
		"monitor: other is minor 0 of the module, and minor 1 is the record ring" 'exit 1')"
}

@test "records are printed with a header row, in the words of the ring" {
	run -0 head -n 1 all.tsv
	assert_output "$(printf 'time_ns\tperiod_ns\tpid\tparent\tflags\tminor\tmajor\tcpu_ns\trss_kb\tswap_kb\tpeak_rss_kb\tcommand')"
	assert_equal "$(cat all.said)" "monitor: $(($(wc -l < all.tsv) - 1)) records"
	# from probe's words: pages of 4 KB, flags 1 first, 2 last, 4 exited
	run -0 awk -v OFS='\t' '{ flags = ($6 % 2 ? "f" : "-") (int($6 / 2) % 2 ? "l" : "-") ($6 >= 4 ? "e" : "-")
		print $2, $3, $4, $5, flags, $7, $8, $9, $10 * 4, $11 * 4, $12 * 4, $14 }' last.records
	assert_output "$(cat last.tsv)"
}

@test "records are the same as JSON, and with another separator" {
	assert_equal "$(jq -r '[.[]] | @tsv' all.records.json)" "$(sed 1d all.tsv | sed 's/\\/\\\\/g')"
	# where there is nothing to be quoted
	assert_equal "$(grep -v '"' all.records.csv | tr ';' '\t')" "$(grep -v '"' all.tsv)"
	assert_equal "$(head -n 1 all.records.json | jq -r 'keys_unsorted | @tsv')" "$(head -n 1 all.tsv)"
}

@test "records can be waited for, and those of the past left out" {
	assert_equal "$(sed 1d awaited.tsv | cut -f 3 | sort -u)" "$(cat awaited)"
	assert_equal "$(sed 1d new.tsv | cut -f 3 | sort -u)" "$(cat sleeper)"
}

@test "records are followed until nobody is registered, and stay in the ring" {
	n=$(awk -v pid="$(cat sleeper)" '$3 == pid' last.tsv | wc -l)
	cmp <(tail -n "$n" followed.tsv) <(tail -n "$n" last.tsv)
	# three seconds, and the sample that finds the process dead
	run -0 awk -v pid="$(cat sleeper)" '$3 == pid { n++; flags = flags (n == 1 || $5 != "---" ? $5 : "") }
		END { print (n >= 60 && n <= 61), flags }' last.tsv
	assert_output "1 f---le"
}

@test "a follower that is overtaken says how many records it has missed, and fails" {
	read=$(($(wc -l < overtaken.tsv) - 1))
	head=$(sed -n 's/.*head=\([0-9]*\).*/\1/p' overtaken.header)
	assert_equal "$(cat overtaken.said)" "$(printf '%s\n' "monitor: $read records" \
		"monitor: $((head - read)) records were overwritten before they were read" 'exit 1')"
	[ "$read" -ge 30 ]
	[ "$read" -lt "$head" ]
}

# counters FILE - of its page faults: ns pid minor major
counters() {
	jq -r '.traceEvents[] | select(.ph == "C" and .name == "page faults") |
		[(.ts * 1000 | round), .pid, .args.minor, .args.major] | @tsv' "$1"
}

@test "a trace has the records, each at the begin of its period, and zeros at the end" {
	assert_equal "$(jq -r '.displayTimeUnit' followed.json)" ms
	assert_equal "$(counters followed.json)" "$(awk 'NR > 1 {
		printf "%.0f\t%d\t%d\t%d\n", $1 - $2, $3, $6, $7
		if ($5 ~ /l/) printf "%.0f\t%d\t0\t0\n", $1, $3 }' followed.tsv)"
	run -0 jq -r '.traceEvents[] | select(.ph == "C" and .name == "memory") | .args | "\(.rss_kb) \(.swap_kb)"' followed.json
	assert_output "$(awk 'NR > 1 { print $9, $10; if ($5 ~ /l/) print 0, 0 }' followed.tsv)"
	# to the hundredth; jq leaves no zeros behind what it has added up
	run -0 jq -r '.traceEvents[] | select(.ph == "C" and .name == "CPU") | .args["%"] + 0' followed.json
	assert_output "$(awk 'NR > 1 { print sprintf("%.2f", 100 * $8 / $2) + 0; if ($5 ~ /l/) print 0 }' followed.tsv)"
}

@test "a trace names each process, and tells its exit" {
	run -0 jq -r --argjson pid "$(cat sleeper)" \
		'.traceEvents[] | select(.pid == $pid and .ph != "C") | "\(.ph) \(.name) \(.args.name)"' followed.json
	assert_output "$(printf '%s\n' 'M process_name sleep' 'i exit null')"
}

@test "the trace of a command has its tree and nothing else, whatever a name is" {
	assert_equal "$(jq '[.traceEvents[].pid] | unique | .[]' tree.json)" \
		"$(processes tree.summary | awk '{ print $1 }' | sort -n)"
	run -0 jq -r '.traceEvents[] | select(.ph == "M") | .args.name' tree.json
	assert_line 'a"b,\134\303\251'
	# faults of the summary
	assert_equal "$(counters tree.json | awk '{ minor += $3; major += $4 } END { print minor, major }')" \
		"$(awk '$1 == "total" { print $2, $3 }' tree.summary)"
}

@test "a trace is whole after Ctrl-C, and with no records" {
	assert_equal "$(tail -n 1 cut)" "exit 0"
	[ "$(counters cut.json | wc -l)" -ge 20 ]
	assert_equal "$(jq -c . empty.json)" '{"displayTimeUnit":"ms","traceEvents":[]}'
	assert_equal "$(cat empty.said)" "monitor: 0 records"
}

@test "a trace that cannot be written is an error, and one that cannot be made leaves the old" {
	assert_equal "$(cat no-trace)" "$(printf '%s\n' 'monitor: /nowhere/file: No such file or directory' 'exit 1' \
		'monitor: /nowhere/file: No such file or directory' 'exit 125')"
	assert_equal "$(cat full-trace)" "$(printf '%s\n' 'monitor: the trace: No space left on device' 'exit 1')"
	assert_equal "$(cat kept.json)" kept
	assert_equal "$(cat kept.said)" "$(printf '%s\n' "monitor: /dev/mp3-records is not there: $not_loaded" 'exit 1')"
}
