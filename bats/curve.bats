#!/usr/bin/env bats
# curve: a program's time over memory. Of runs made up by hand, what tabulate says of them; what becomes of a
# COMMAND; and how runs end that are bounded. Whole curves: long/curve.bats.
#
# Expected numbers are computed by hand.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own, with a stderr that bats sets
load helpers
load tables
load lib/tree

setup_file() {
	build_tables
	export TABULATE=$TABLES/tabulate
	"$ROOT/experiments/machine/tools" amd64 2>&3
	"$ROOT/experiments/machine/tools" root 2>&3
}

setup() {
	fixtures=$BATS_TEST_DIRNAME/fixtures
	cd "$BATS_TEST_TMPDIR" || return
	runs=()
}

#
# Tables
#

# one_run AXES SECONDS [ENDED] - of one process, which took so long, in hundredths, and ended so; its process was
# sampled 20 times a second, so the first sample is of 0.05 s. Of 46 major faults, 60 - 20 are on swap.
one_run() {
	local run=results/$1/prog/x
	mkdir -p "${run%/*}"
	# jiffies are hundredths, and the first sample's are not known
	awk -v s="$2" 'BEGIN { print 1000, 100, 0, 5000; printf "%.0f 101 45 2500\n", 1000 + 100 * s - 5 }' > "$run.data"
	: > "$run.work"
	{ cat "$fixtures/three.counters.tsv"; printf 'swap_ra\t5\t25\n'; } > "$run.counters.tsv"
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
		process label pid parent command report minor major all_major cpu_s peak_rss_kb begin_s elapsed_s \
		1 prog 41 0 prog 0 201 45 45 0.75 9100 1.0 "$2" > "$run.processes.tsv"
	printf '%s\t%s\n' seconds rss_kb 0.05 "${4-100}" "$2" "${5-9000}" > "$run.system.tsv"
	printf '%s\t%s\n' hz 100 command "'./profile' 'prog'" > "${run%/*}/meta.tsv"
	[ ! "${3-}" ] || echo "$3" > "${run%/*}/ended"
	runs+=("$run")
}

# limited KB SECONDS [ENDED] - beside one without a limit
limited() { one_run "sim-6.1-512-disk512-1${1:++memory.max@${1}K}+time:401" "${@:2}"; }

# column NAME... - of the output, a line a row
column() {
	awk -F '\t' -v names="$*" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ n = split(names, name, " "); for (i = 1; i <= n; i++) printf "%s%s", (i > 1 ? " " : ""), (name[i] in at ? $at[name[i]] : "?"); print "" }' <<< "$output"
}

thresholds=(enough_5_percent little_5_percent enough_2_times little_2_times enough_40_times little_40_times)
cliff=(cliff_above_kb cliff_below_kb cliff_from cliff_to)

# fails MESSAGE ARGUMENT... - tabulate prints no table, and says just that
fails() {
	run -1 --separate-stderr "$TABULATE" "${@:2}"
	assert_equal "$output" ""
	assert_equal "$stderr" "tabulate: $1"
}

# 7512 and 3756 are an eighth of an octave below 8192 and 4096.
a_curve() {
	limited 2048 300 itself
	limited '' 10
	limited 3756 30 itself
	limited 8192 10.4 itself
	limited 1024 401 time
	limited 4096 15 itself
	limited 7512 10.6 itself
	limited 512 1.5 memory
}

@test "a curve has a row a run, from the most memory to the least, each beside the first" {
	a_curve
	run -0 --separate-stderr "$TABULATE" curve "${runs[@]}"
	assert_equal "$stderr" ""
	assert_equal "$(column memory_kb ended seconds slowdown)" "max itself 10.000000 1.0000
8192 itself 10.400000 1.0400
7512 itself 10.600000 1.0600
4096 itself 15.000000 1.5000
3756 itself 30.000000 3.0000
2048 itself 300.000000 30.0000
1024 time 401.000000 40.1000
512 memory 1.500000 0.1500"
	# Of the counters: pswpin 60, swap_ra 20, pgmajfault 46; 40 and 2 refaults; 80 pages out; of 0.5 s, 0.4 and 0.25 are
	# pressure of memory, 0.2 of the disk. The peak is that of the process, which is more than a row has.
	assert_equal "$(column cpu_s peak_kb major major_anon major_file refaults_anon refaults_file pswpout memory_some memory_full io_full run | head -n 1)" \
		"0.750000 9100 45 40 6 40 2 80 80.00 50.00 40.00 ${runs[1]}"
}

@test "the peak is the largest of the sums of resident sets, and of each process alone" {
	one_run sim-6.1-512-disk-1 10 '' 12000 50
	one_run sim-6.1-256-disk-1 10 '' 50 9099
	run -0 "$TABULATE" curve "${runs[@]}"
	assert_equal "$(column peak_kb)" "12000
9100"
}

@test "limits are the least memory that is enough, and the most that is too little, for each threshold" {
	a_curve
	run -0 --separate-stderr "$TABULATE" limits "${runs[@]}"
	assert_equal "$stderr" ""
	assert_equal "$(column "${thresholds[@]}")" "8192 7512 4096 3756 2048 1024"
	assert_equal "$(column seconds cpu_s peak_kb last_kb last_ended monotone runs)" "10.000000 0.750000 9100 512 memory yes 8"
}

# Twice in an eighth of an octave, from 4096; more, but not so steep, elsewhere.
@test "the cliff is the steepest step between neighbours" {
	a_curve
	run -0 "$TABULATE" limits "${runs[@]}"
	assert_equal "$(column "${cliff[@]}")" "4096 3756 1.5000 3.0000"
	# steeper, down to where it was ended for its time
	limited 1117 160
	run -0 "$TABULATE" limits "${runs[@]}"
	assert_equal "$(column "${cliff[@]}")" "1117 1024 16.0000 40.1000"
	# one process had all of the faults
	assert_equal "$(column process process_share)" "prog 100.00"
}

@test "a run that was killed for lack of memory is neither end of a cliff" {
	limited '' 10
	limited 4096 11
	limited 3756 1 memory
	limited 3444 401 time
	run -0 "$TABULATE" limits "${runs[@]}"
	assert_equal "$(column "${cliff[@]}" "${thresholds[@]}" last_ended)" "nan nan nan nan max 4096 4096 3756 4096 3756 time"
}

@test "a threshold is exceeded by more than it, and by a run that did not end, however short it was" {
	limited '' 10
	limited 4096 10.5
	limited 2048 20
	limited 1024 400
	run -0 "$TABULATE" limits "${runs[@]}"
	assert_equal "$(column "${thresholds[@]}")" "4096 2048 2048 1024 1024 nan"
	assert_equal "$(column "${cliff[@]}" last_kb last_ended)" "2048 1024 2.0000 40.0000 1024 itself"
	limited 512 1 memory
	run -0 "$TABULATE" limits "${runs[@]}"
	assert_equal "$(column "${thresholds[@]}")" "4096 2048 2048 1024 1024 512"
}

@test "where more memory was slower, thresholds are the first ones from above, and it is said" {
	limited '' 10
	limited 8192 12
	limited 4096 10
	limited 2048 30
	limited 1024 15
	run -0 "$TABULATE" limits "${runs[@]}"
	assert_equal "$(column "${thresholds[@]}" monotone)" "max 8192 4096 2048 1024 nan no"
	# a percent is no descent
	runs=()
	limited '' 10
	limited 8192 10.02
	limited 4096 10
	run -0 "$TABULATE" limits "${runs[@]}"
	assert_equal "$(column monotone)" yes
}

@test "one run alone is a curve, which says little" {
	limited '' 10
	run -0 "$TABULATE" limits "${runs[@]}"
	assert_equal "$(column "${thresholds[@]}" "${cliff[@]}" last_kb last_ended monotone runs)" "524288 nan 524288 nan 524288 nan nan nan nan nan 524288 itself yes 1"
}

@test "without a limit, the memory of the machines is what they differ in" {
	one_run sim-6.1-256-disk-1+time:401 15
	one_run sim-6.1-512-disk-1 10
	one_run sim-6.1-480-disk-1+time:401 10.1
	run -0 "$TABULATE" curve "${runs[@]}"
	assert_equal "$(column memory_kb slowdown)" "524288 1.0000
491520 1.0100
262144 1.5000"
	run -0 "$TABULATE" limits "${runs[@]}"
	assert_equal "$(column "${thresholds[@]}")" "491520 262144 262144 nan 262144 nan"
}

# gnuplot takes nine arguments at most, and says nothing of more
@test "the figure of eight curves has eight lines" {
	a_curve
	"$TABULATE" curve "${runs[@]}" > table
	names=(ant bee cow doe elk fox gnu hen)
	for name in "${names[@]}"; do cp table "case4-$name.curve.tsv"; done
	run -0 --separate-stderr gnuplot -d -c "$ROOT/plots/curves.gp" out.svg caption "$(printf 'case4-%s.curve.tsv ' "${names[@]}")"
	assert_equal "$output$stderr" ""
	for name in "${names[@]}"; do grep -q ">$name<" out.svg || fail "$name is not drawn"; done
}

@test "a curve that never gets 5% slower has a figure" {
	limited '' 10
	limited 4096 10.1
	"$TABULATE" curve "${runs[@]}" > curve.tsv
	"$TABULATE" limits "${runs[@]}" > limits.tsv
	run -0 --separate-stderr gnuplot -d -c "$ROOT/plots/curve.gp" out.svg caption curve.tsv limits.tsv
	assert_equal "$output$stderr" ""
	run -0 grep -c '</svg>' out.svg
}

@test "what is no curve is an error of one line" {
	limited '' 10
	limited 4096 20
	one_run sim-6.1-1024-disk-1+memory.max@4096K 20
	for table in curve limits; do
		fails "${runs[1]} and ${runs[2]}: two runs with as much memory" $table "${runs[@]}"
		fails "${runs[0]} and ${runs[0]}: two runs with as much memory" $table "${runs[0]}" "${runs[0]}"
	done
	one_run sim-6.1-512-disk-1+memory.max@4M 20
	fails "${runs[3]}: its limit is not a number of KiB" curve "${runs[0]}" "${runs[3]}"
	for ended in time memory; do
		echo $ended > results/sim-6.1-512-disk512-1+time:401/prog/ended
		fails "${runs[0]}: the run with most memory has not ended by itself" limits "${runs[@]:0:2}"
	done
	ended=results/sim-6.1-512-disk512-1+time:401/prog/ended
	: > $ended
	fails "$ended: it is empty" curve "${runs[0]}"
	echo hunger > $ended
	fails "$ended:1: expected itself, time or memory, found \"hunger\"" curve "${runs[0]}"
	printf 'itself\ntime\n' > $ended
	fails "$ended:2: expected its end, found \"time\"" curve "${runs[0]}"
	echo itself > $ended
	printf '%s\t%s\n' rss_kb seconds 1 1 > "${runs[0]}.system.tsv"
	fails "${runs[0]}.system.tsv:1: expected a row whose last column is rss_kb, found \"rss_kb?seconds\"" curve "${runs[0]}"
	rm "${runs[0]}.system.tsv"
	fails "${runs[0]}.system.tsv: No such file or directory" curve "${runs[0]}"
}

#
# Words
#

# tree - one in which no run succeeds, and a root whose only program has two names
tree() {
	scratch_tree "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree" || return
	printf '#!/bin/sh\necho "run: $1: no" >&2\nexit 1\n' > experiments/run
	mkdir -p own/bin
	cp build/tools/amd64/root/bin/echo own/bin/sort
	ln -s sort own/bin/sh
}

@test "experiments/curve says in one line what it lacks or does not understand, before anything is run" {
	tree
	says() {
		run -"$1" experiments/curve "${@:3}"
		assert_output --regexp "^$2\$"
		assert_equal ${#lines[@]} 1
	}
	says 2 'curve: of which COMMAND, or CASE\? \(-h for help\)'
	says 2 'curve: a COMMAND or a CASE \(-h for help\)' -c sort case1
	for option in p r f n; do
		says 2 'curve: packages, root, files and name are of a COMMAND \(-h for help\)' -$option x case1
	done
	for jobs in 0 x -1 ''; do
		says 2 "curve: -j $jobs: how many\? \(-h for help\)" -j "$jobs" case1
	done
	says 2 'Illegal option -x' -x
	says 2 'rows: no such case: case9 .*' case9
	says 2 'curve: no name for a case: Two Words .*: give it NAME \(-h for help\)' -r own -n 'Two Words' -c sort
	says 2 'curve: no name for a case:  .*: give it NAME \(-h for help\)' -r own -c '(sort)'
	says 1 'curve: cannot read /nonexistent/deeper/file' -r own -f /nonexistent/deeper/file -c sort
	says 1 'curve: cannot read own' -r own -f own -c sort
	says 1 'curve: there is no /nonexistent/deeper/root' -r /nonexistent/deeper/root -c sort
	says 1 'lab: the root has no program grep' -r own -c 'grep -c x'
	says 1 "lab: there is no ./sort beside the machine's tools: name it with -f" -r own -c './sort x'
	says 2 'lab: a root is of packages \(-p\), or your own \(-r\) \(-h for help\)' -r own -p dash -c sort
	run -0 find experiments/cases -name 'program-*'
	assert_output ''
	for knob in memory.max=8M time:8; do
		KNOBS=$knob says 2 "curve: the curve has its own memory.max and time \(-h for help\)" case1
	done
	run -1 experiments/curve case1
	assert_output "curve: sim-6.1-1024-disk-1/case1 failed, after these words:
run: sim-6.1-1024-disk-1/case1: no"
	run -2 make -s curve COMMAND=sort BY=luck
	assert_output --partial 'BY: luck is neither cgroup nor machine'
}

# becomes COMMAND WORD... - the words that a case of it runs in the machine
becomes() {
	run -1 experiments/curve -r own -f "$files" -n words -c "$1"
	assert_equal "$1: $output" "$1: curve: sim-6.1-512-disk512-1/program-words failed, after these words:
run: sim-6.1-512-disk512-1/program-words: no"
	run -0 sh -eu -c 'profile() { printf "<%s>\n" "$@"; }; . experiments/cases/program-words; run'
	assert_output "$(printf '<%s>\n' program-words in-root "${@:2}")"
	run -0 shellcheck experiments/cases/program-words
}

@test "a COMMAND is run as it is typed, by a shell if it has words of one" {
	tree
	files=
	becomes 'sort -k 2,2 /mp3/words' sort -k 2,2 /mp3/words
	becomes '/bin/sort a:b@c' /bin/sort a:b@c
	for command in 'sort words | sort -u' "sort 'it is' >/dev/null" "sort \"it's\" \\ x" 'A=1 sort $A `sort`' 'sort * ~ ? [a] #' \
		'sort; sort && (sort) <x' 'LC_ALL=C sort' 'sort %s\n' $'sort one\nsort two'; do
		becomes "$command" sh -c "$command"
	done
}

@test "the case of a COMMAND has its root and its files by their paths, and the name of its program" {
	tree
	mkdir sub
	echo one > sub/one
	echo two > two
	run -1 experiments/curve -r own/../own -f 'sub/one ./two' -c '/bin/sort one two'
	run -0 sh -eu -c '. experiments/cases/program-sort; echo "$files"; echo "$root"; echo "$memory $swap $root_disk:$packages"'
	assert_output "$PWD/sub/one $PWD/two
$PWD/own
512 disk:512 disk:"
	run -0 head -n 1 experiments/cases/program-sort
	assert_output '# program-sort - /bin/sort one two'
	# the same is not written again, another one is
	touch -d @0 experiments/cases/program-sort
	run -1 experiments/curve -r own/../own -f 'sub/one ./two' -c '/bin/sort one two'
	assert_equal "$(stat -c %Y experiments/cases/program-sort)" 0
	run -1 experiments/curve -r own -c 'sort two'
	assert [ "$(stat -c %Y experiments/cases/program-sort)" != 0 ]
	run -0 find experiments/cases -name '*.new'
	assert_output ''
}

#
# Ends
#

# bats test_tags=guest
@test "a command beyond its time is killed with all that it has forked, and leaves a result" {
	cat > endless <<-'END'
		# endless - two processes that do not come to an end
		memory=128 swap=none
		two() { nice ./work -n 1000000 8 R 1000 & nice ./work -n 1000000 4 R 1000; wait; }
		run() { profile endless two; }
	END
	scratch_tree tree "$PWD/endless"
	cd tree
	make -s build/reduce 2>&3
	row=sim-6.1-128-none-1+time:2/endless
	assert_equal "$(KNOBS=time:2 experiments/rows -p endless)" $row
	experiments/run $row 2>&3
	run -0 cat results/$row/ended
	assert_output time
	# all that was registered, which ended two seconds after the first one was, and the tenths in which that was noticed
	run -0 awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ works += $at["command"] == "work"; ended = $at["begin_s"] + $at["elapsed_s"]; if (NR == 2 || $at["begin_s"] < begin) begin = $at["begin_s"]
			if (ended > end) end = ended }
		END { print works, (end - begin >= 2 && end - begin < 2.4) ? "in time" : end - begin }' results/$row/endless.processes.tsv
	assert_output '2 in time'
}

# bats test_tags=guest
@test "a command that the kernel kills for lack of memory leaves a result, and has all of its control group" {
	# the second one would not have been killed without the limit
	printf '%s\n' 'cat /proc/self/cgroup >$OUT/cgroup; work -n 2 40 R 3000; echo $? >$OUT/status' > too-much
	run -0 --separate-stderr "$ROOT/experiments/lab" -M 128 -S none -K memory.max=16M -K time:100 -f too-much -o out -- sh too-much
	run -0 cat out/ended
	assert_output memory
	run -0 cat out/status
	assert_output $((128 + 9))
	run -0 cat out/cgroup
	assert_output --regexp '^0::/lab\.[0-9]+$'
}

# bats test_tags=guest
@test "a command that ends in time has its own status, and what it leaves says so" {
	run -7 --separate-stderr "$ROOT/experiments/lab" -M 128 -S none -K time:100 -- sh -c 'work -n 1 1 R 100 2>/dev/null; exit 7'
	assert_equal "${stderr_lines[-1]%%,*}" 'lab: the command failed with status 7'
	rm -r "$(sed -n 's/.*console.log in \(.*\))$/\1/p' <<< "$stderr")"
	run -0 --separate-stderr "$ROOT/experiments/lab" -M 128 -S none -K time:100 -o out -- work -n 1 1 R 100
	run -0 cat out/ended
	assert_output itself
}
