#!/usr/bin/env bats
# reduce: the records of a run in, small tables out
#
# The expected numbers are computed by hand, from bats/fixtures/four.data. At
# HZ=100, a nominal sample period is 5 jiffies:
#
#	1000 100  0  5000	the first: nominal, 0.05 s, so it ends at 0.05 s
#	1005  60 10 10000	5 jiffies, 0.05 s: ends at 0.10 s
#	1015  40 30  2500	a late one, 10 jiffies, 0.1 s: ends at 0.20 s
#	1015   0  2  9900	no jiffy later: joins the one before it
#	1016   1  3     0	a short last one, 0.01 s: ends at 0.21 s
#
# and from bats/fixtures/three.records.tsv, where three processes had these faults.
# The first period of all began at 1 s of the clock.
#
#	clock	process 41	process 42	process 43
#	1.050	60  0		40  0, since 1.01
#	1.100	40  0		20 10
#	1.200	30 25		 5  5		 5  0, since 1.14
#	1.203			 0  2, its last
#	1.210	 1  1, dead			 0  2, its last
# shellcheck disable=SC2154 # bats sets stderr
load helpers
load tables

setup_file() {
	build_tables
	export REDUCE=$TABLES/reduce
}

setup() {
	data=$BATS_TEST_DIRNAME/fixtures/four.data
	work=$BATS_TEST_DIRNAME/fixtures/three.work
	records=$BATS_TEST_DIRNAME/fixtures/three.records.tsv
	counters=$BATS_TEST_DIRNAME/fixtures/three.counters.tsv
	cd "$BATS_TEST_TMPDIR" || return
}

# fails STATUS MESSAGE ARGUMENT... - reduce prints no table, and says just that
fails() {
	run -"$1" --separate-stderr "$REDUCE" "${@:3}"
	assert_equal "$output" ""
	assert_equal "${stderr_lines[0]}" "reduce: $2"
}

# refuses PROFILE MESSAGE - the text PROFILE is no profile data
refuses() {
	printf %b "$1" > bad.data
	fails 1 "bad.data:$2" samples -z 100 bad.data
	assert_equal "${#stderr_lines[@]}" 1
}

# refuses_report SED MESSAGE - the reports are none once sed has changed them
refuses_report() {
	sed "$1" "$work" > bad.work
	fails 1 "bad.work$2" check -z 100 "$data" "$records" bad.work "$counters"
}

# refuses_records SED MESSAGE - the records are none once sed has changed them
refuses_records() {
	sed "$1" "$records" > bad.tsv
	fails 1 "bad.tsv:$2" processes -z 100 "$data" bad.tsv "$work"
	assert_equal "${#stderr_lines[@]}" 1
}

# Rates are faults over the period: 100 / 0.05, 60 / 0.05, 40 / 0.1, 1 / 0.01
# and 0 / 0.05, 10 / 0.05, (30 + 2) / 0.1, 3 / 0.01. Utilization is a hundredth
# of the fourth number.
@test "samples has a row a sample, with times from the jiffies" {
	run -0 --separate-stderr "$REDUCE" samples -z 100 "$data"
	assert_equal "$stderr" ""
	assert_equal "$output" "$(tr ' ' '\t' << 'END'
seconds minor major minor_total major_total minor_rate major_rate utilization
0.050 100 0 100 0 2000.000 0.000 50.00
0.100 60 10 160 10 1200.000 200.000 100.00
0.200 40 32 200 42 400.000 320.000 25.00
0.210 1 3 201 45 100.000 300.000 0.00
END
	)"
}

# The same jiffies are a tenth as long; only the first sample stays nominal.
@test "samples measures jiffies in the HZ it is told" {
	run -0 "$REDUCE" samples -z 1000 "$data"
	run -0 cut -f 1 <<< "$output"
	assert_output "$(printf '%s\n' seconds 0.050 0.055 0.065 0.066)"
}

@test "samples takes a single sample" {
	echo '4294907296 3 1 33' > one.data
	run -0 "$REDUCE" samples -z 250 one.data
	assert_line -n 1 "$(printf '0.050\t3\t1\t3\t1\t60.000\t20.000\t0.33')"
	assert_equal "${#lines[@]}" 2
}

# Of 41, CPU time is 15 + 25 + 10 + 0.5 ms, of 42 10 + 25 + 5 + 3, of 43 3 ms. 42 began at 1.01 s
# of the clock and 43 at 1.14; they end at 1.21, 1.203 and 1.21 s.
@test "processes has a row a process, by their PIDs" {
	run -0 --separate-stderr "$REDUCE" processes -z 100 "$data" "$records" "$work"
	assert_equal "$stderr" ""
	assert_equal "$output" "$(cat "$BATS_TEST_DIRNAME/fixtures/three.processes.tsv")"
}

# Time counts from the beginning of the earliest period, which is that of 41 though
# 42 was recorded before. Utilization is CPU time over the period: of 41 15 / 50, 25
# / 50, 10 / 100 and 0.5 / 10 ms, of 42 10 / 40, 25 / 50, 5 / 100 and 3 / 3 ms, of 43
# 3 / 60 and 0 / 10 ms.
@test "series has a row a record, process after process, if they are few" {
	run -0 --separate-stderr "$REDUCE" series -z 100 "$data" "$records" "$work"
	assert_equal "$stderr" ""
	assert_equal "$output" "$(tr ' ' '\t' << 'END'
process seconds minor_total major_total utilization rss_kb swap_kb
1 0.050000 60 0 30.00 8000 0
1 0.100000 100 0 50.00 9000 0
1 0.200000 130 25 10.00 8500 500
1 0.210000 131 26 5.00 0 0
2 0.050000 40 0 25.00 4000 0
2 0.100000 60 10 50.00 4400 100
2 0.200000 65 15 5.00 4300 200
2 0.203000 65 17 100.00 4200 200
3 0.200000 5 0 5.00 100 0
3 0.210000 5 2 0.00 120 0
END
	)"
}

# long PROCESSES RECORDS - long.data and long.tsv, the records of so many processes, 50 ms each
# from 1 s on: a minor fault in each, 100 major ones in each of the 11th to the 20th before
# the last, 5 and 15 ms of CPU time by turns; the resident set counts the records
long() {
	head -n 1 "$records" > long.tsv
	: > long.work
	awk -v processes="$1" -v records="$2" '
		function hot(i) { return i > records - 20 && i <= records - 10 ? 100 : 0 }
		BEGIN {
			for (i = 1; i <= records; i++)
				print i * 5, processes, hot(i) * processes, 0 > "long.data"
			for (i = 1; i <= records; i++)
				for (p = 1; p <= processes; p++)
					printf "%.0f\t50000000\t%d\t0\t%s%s-\t1\t%d\t%d\t%d\t0\t%d\tbuild\n", 1e9 + i * 5e7, p,
						i == 1 ? "f" : "-", i == records ? "l" : "-", hot(i), i % 2 ? 5e6 : 15e6, i, i
		}' >> long.tsv
}

# At a row's time, which is that of the k-th record, k is known, and with it all that was added.
# A record adds 1/2000 of the time and 1/2000 of the minor faults, 0.001, and a row is due after
# 3/498 = 0.00602: each seventh, 1, 8, ... 1975, which are 283. In the burst, with 1/10 of the
# major faults each, all ten have one; then 1997 and the last.
@test "a series of many records is thinned, and each of its rows is exact" {
	long 1 2000
	run -0 --separate-stderr "$REDUCE" series -z 100 long.data long.tsv long.work
	assert_equal "$stderr" ""
	run -0 awk -F '\t' '
		NR == 1 { next }
		{ k = $2 / 0.05; k = int(k + 0.5); major = k <= 1980 ? 0 : k > 1990 ? 1000 : 100 * (k - 1980)
		  cpu += $5 / 100 * (k - last) * 0.05
		  if ($3 != k || $4 != major || $6 != k || k <= last) print "row", $0
		  if (k > 1980 && k <= 1990) burst++
		  if (NR == 2 && k != 1) print "first", $0
		  last = k }
		END { print last, burst, (cpu > 19.99 && cpu < 20.01), NR - 1 }' <<< "$output"
	assert_output "2000 10 1 295"
}

# A process more costs the others rows, but for 20 of each.
@test "a run has 500 rows of a series, or 20 of each process" {
	while read -r processes length most; do
		long "$processes" "$length"
		run -0 "$REDUCE" series -z 100 long.data long.tsv long.work
		run -0 awk -F '\t' -v most="$most" -v records="$length" '
			NR > 1 { n[$1]++; last[$1] = $3 }
			END { for (p in n) if (n[p] > most || n[p] < most / 2 || last[p] != records) print p, n[p], last[p]
				print length(n) }' <<< "$output"
		assert_output "$processes"
	done <<< '1 500 500
2 250 250
2 251 250
10 400 50
60 100 20'
}

@test "a process without a report is called by its command and PID" {
	: > none.work
	run -0 "$REDUCE" processes -z 100 "$data" "$records" none.work
	run -0 cut -f 2,6 <<< "$output"
	assert_line -n 1 "$(printf 'work, pid 41\t0')"
	assert_line -n 3 "$(printf 'a?b, pid 43\t0')"
	# gnuplot would look for the end of a quote
	sed 's/a\\040b/"a\\040"/' "$records" > quote.tsv
	run -0 "$REDUCE" processes -z 100 "$data" quote.tsv none.work
	run -0 cut -f 2,5 <<< "$output"
	assert_line -n 3 "$(printf '?a??, pid 43\t"a\\040"')"
}

@test "programs that are not work may go without reports, but their faults are checked" {
	echo 'cc1: warning: this is not for you' > other.work
	for reports in /dev/null other.work; do
		run -0 "$REDUCE" check -z 100 "$data" "$records" "$reports" "$counters"
		assert_output ""
	done
	sed '5s/\t40\t/\t41\t/' "$records" > more.tsv
	fails 1 "more.tsv: 202 minor and 45 major faults, which is +1 and +0 against the samples in $data" \
		check -z 100 "$data" more.tsv other.work "$counters"
	sed '/^majors/s/98/94/' "$counters" > fewer.tsv
	fails 1 "fewer.tsv: all processes had 44 major faults, but the samples have 45" \
		check -z 100 "$data" "$records" other.work fewer.tsv
	# beside works that report, others may be silent, but no work
	sed '3d' "$work" > two.work
	run -0 "$REDUCE" check -z 100 "$data" "$records" two.work "$counters"
	sed '2d' "$work" > two.work
	fails 1 "$records: process 42 has no report in two.work" \
		check -z 100 "$data" "$records" two.work "$counters"
}

# A process may be registered again, and a PID be given again.
@test "a PID that begins again is another process, with a report of its own" {
	{
		cat "$records"
		tr ' ' '\t' <<< '1310000000 50000000 41 0 fl- 0 0 0 4 0 4 again'
	} > again.tsv
	{ cat "$work"; sed -n '1s/seed=7/seed=9/; 1p' "$work"; } > again.work
	run -0 "$REDUCE" series -z 100 "$data" again.tsv /dev/null
	run -0 cut -f 1-2 <<< "$output"
	assert_line -n 4 "$(printf '1\t0.210000')"
	assert_line -n 5 "$(printf '2\t0.310000')"
	assert_line -n 6 "$(printf '3\t0.050000')"
	run -0 "$REDUCE" processes -z 100 "$data" again.tsv /dev/null
	run -0 cut -f 1-2 <<< "$output"
	assert_line -n 1 "$(printf '1\twork, pid 41')"
	assert_line -n 2 "$(printf '2\tagain, pid 41')"
	{ cat "$work"; sed -n '1s/seed=7/seed=9/; 1s/minor=.*/minor=0 major=0 minor_max=0 major_max=0/; 1p' "$work"; } > again.work
	run -0 "$REDUCE" processes -z 100 "$data" again.tsv again.work
	run -0 cut -f 2,6 <<< "$output"
	assert_line -n 1 "$(printf 'work 200 R 20, seed 7\t1')"
	assert_line -n 2 "$(printf 'work 200 R 20, seed 9\t4')"
}

@test "a sample that is not four numbers is refused with its line" {
	four='expected four numbers, found'
	refuses '1 2 3 4\n2 3 4\n'		"2: $four \"2 3 4\""
	refuses '1 2 3 4 5\n'			"1: $four \"1 2 3 4 5\""
	refuses '1 2 3 4\n\n'			"2: $four \"\""
	refuses '1 2 3 x\n'			"1: $four \"1 2 3 x\""
	refuses '1 2 3 4x\n'			"1: $four \"1 2 3 4x\""
	refuses '1 2 -3 4\n'			"1: $four \"1 2 -3 4\""
	refuses '1 2 +3 4\n'			"1: $four \"1 2 +3 4\""
	refuses '1 2 3.5 4\n'			"1: $four \"1 2 3.5 4\""
	refuses '1 2  3 4\n'			"1: $four \"1 2  3 4\""
	refuses ' 1 2 3 4\n'			"1: $four \" 1 2 3 4\""
	refuses '1 2 3 4 \n'			"1: $four \"1 2 3 4 \""
	refuses '1\t2\t3\t4\n'			"1: $four \"1?2?3?4\""
	refuses '1 2 3 4\r\n'			"1: $four \"1 2 3 4?\""
	refuses '1 2 3 18446744073709551616\n'	"1: $four \"1 2 3 18446744073709551616\""
	refuses 'jiffies minor major utilization\n' \
		"1: $four \"jiffies minor major utilization\""
}

@test "a number as large as an unsigned long is taken" {
	echo '18446744073709551615 1 2 3' > large.data
	run -0 "$REDUCE" samples -z 100 large.data
}

@test "a truncated last line is refused" {
	refuses '1 2 3 4\n2 3 4 5' \
		'2: expected four numbers, found "2 3 4 5" without an end of line'
	refuses '1 2 3 4\n2 3' '2: expected four numbers, found "2 3" without an end of line'
}

@test "a NUL in a line is refused" {
	printf '1 2 3 4\n1 2 3 4\0 5\n' > bad.data
	run -1 --separate-stderr "$REDUCE" samples -z 100 bad.data
	assert_equal "$output" ""
	assert_regex "$stderr" '^reduce: bad.data:2: expected four numbers'
}

@test "jiffies that go back are refused" {
	refuses '100 2 3 4\n105 0 0 0\n104 0 0 0\n' '3: jiffies go back, from 105 to 104'
}

@test "a file that is empty, missing or a directory is an error" {
	: > empty
	fails 1 'empty: no samples' samples -z 100 empty
	fails 1 'empty: no records' series -z 100 "$data" empty "$work"
	fails 1 'empty: no counter time_s' check -z 100 "$data" "$records" "$work" empty
	for file in 'missing: No such file or directory' '.: Is a directory'; do
		fails 1 "$file" samples -z 100 "${file%%:*}"
		fails 1 "$file" processes -z 100 "$data" "${file%%:*}" "$work"
		fails 1 "$file" series -z 100 "$data" "$records" "${file%%:*}"
		fails 1 "$file" check -z 100 "$data" "$records" "$work" "${file%%:*}"
	done
}

@test "a report of no process fails" {
	head -n 2 "$work" > two.work
	cat "$work" two.work > five.work
	fails 1 "five.work: 5 reports, but 3 of the processes in $records" \
		check -z 100 "$data" "$records" five.work "$counters"
}

# refuses_faults SED MESSAGE - the reports do not agree with the records
refuses_faults() {
	sed "$1" "$work" > bad.work
	fails 1 "$records: process $2" check -z 100 "$data" "$records" bad.work "$counters"
	fails 1 "$records: process $2" processes -z 100 "$data" "$records" bad.work
}

@test "faults that are not those of getrusage are refused, down to one" {
	run -0 "$REDUCE" check -z 100 "$data" "$records" "$work" "$counters"
	assert_output ""
	own="faults, but by its own count"
	refuses_faults 's/minor=130/minor=132/' "41 has 131 minor and 26 major $own 132 to 131 and 20 to 26"
	refuses_faults 's/major_max=26/major_max=25/' "41 has 131 minor and 26 major $own 130 to 131 and 20 to 25"
	refuses_faults '3s/ major=2/ major=3/' "43 has 5 minor and 2 major $own 5 to 5 and 3 to 2"
	refuses_faults 's/minor_max=66/minor_max=64/' "42 has 65 minor and 17 major $own 65 to 64 and 15 to 18"
}

# refuses_counters SED MESSAGE - the counters do not agree with the samples, or are none
refuses_counters() {
	sed "$1" "$counters" > bad.tsv
	fails 1 "bad.tsv:$2" check -z 100 "$data" "$records" "$work" bad.tsv
}

# At most 20 faults may have waited for what another had begun, or 2% of all.
@test "major faults that are not those of the machine are refused" {
	refuses_counters '/^majors/s/98/94/' " all processes had 44 major faults, but the samples have 45"
	refuses_counters '/^pgmajfault/s/146/169/' " pgmajfault grew by 69, but the processes had 48 major faults"
	refuses_counters '/^pgmajfault/s/146/127/' " pgmajfault grew by 27, but the processes had 48 major faults"
	for end in 168 128; do
		sed "/^pgmajfault/s/146/$end/" "$counters" > near.tsv
		run -0 "$REDUCE" check -z 100 "$data" "$records" "$work" near.tsv
	done
	sed '/^majors/s/98/10050/; /^pgmajfault/s/146/9900/' "$counters" > many.tsv
	run -0 "$REDUCE" check -z 100 "$data" "$records" "$work" many.tsv
	refuses_counters '/^majors/s/98/10050/; /^pgmajfault/s/146/9899/' \
		" pgmajfault grew by 9799, but the processes had 10000 major faults"
}

# 60 pages were swapped in, and 7 read from files; 10 were read ahead of swap.
@test "each page that was read ahead may have been waited for" {
	grep -P '^pswpin\t1000\t1060$' "$counters"
	{ cat "$counters"; printf '%s\t0\t%s\n' swap_ra 10 pgpgin $((4 * (60 + 7))); } > ahead.tsv
	for grew in 68 $((48 - 20 - 17)); do
		sed "/^pgmajfault/s/146/$((100 + grew))/" ahead.tsv > near.tsv
		run -0 "$REDUCE" check -z 100 "$data" "$records" "$work" near.tsv
	done
	for grew in 69 $((47 - 20 - 17)); do
		sed "/^pgmajfault/s/146/$((100 + grew))/" ahead.tsv > bad.tsv
		fails 1 "bad.tsv: pgmajfault grew by $grew, but the processes had 48 major faults" check -z 100 "$data" "$records" "$work" bad.tsv
	done
}

@test "counters that are none, or lack one, are refused with their line" {
	refuses_counters 1d "1: expected the header row of counters, found \"$(sed -n '2s/\t/?/gp' "$counters")\""
	refuses_counters '2s/10.50/9.50/' '2: expected a counter that grows, found "time_s?10.00?9.50"'
	refuses_counters '5s/1060/x/' '5: expected a counter, found "pswpin?1000?x"'
	refuses_counters '/^swap_busy_ms/s/$/ 1/' '14: expected a counter, found "swap_busy_ms?1000?1350 1"'
	refuses_counters '5s/1000\t//' '5: expected a counter, found "pswpin?1060"'
	refuses_counters '5s/\t.*//' '5: expected a counter, found "pswpin"'
	refuses_counters /pswpin/d " no counter pswpin"
	head -c -1 "$counters" > bad.tsv
	fails 1 "bad.tsv:$(wc -l < "$counters"): expected a counter, found \"$(tail -n 1 "$counters" | tr '\t' '?')\" without an end of line" \
		check -z 100 "$data" "$records" "$work" bad.tsv
	# but a machine may have no swap device
	sed /swap_/d "$counters" > none.tsv
	run -0 "$REDUCE" check -z 100 "$data" "$records" "$work" none.tsv
}

# In the fixture, nr_free_pages, workingset_nodes, cgroup.anon and cpu_iowait_s do.
@test "a level may fall, as may all of a cgroup and iowait, a counter may not" {
	for name in nr_free_pages workingset_nodes cgroup.anon cpu_iowait_s; do
		awk -F '\t' -v name="$name" '$1 == name { exit !($3 < $2) }' "$counters" || fail "$name does not fall in $counters"
		# one that begins so, or ends so, is another
		for other in x$name ${name%??}; do
			case $other in nr_* | cgroup.*) continue ;; esac
			refuses_counters "s/^$name\t/$other\t/" \
				"$(grep -n "^$name" "$counters" | sed "s/:$name\t/: expected a counter that grows, found \"$other?/; s/\t/?/g; s/\$/\"/")"
		done
	done
	refuses_counters '/^pgscan_direct\t/s/120/19/' \
		"$(grep -n '^pgscan_direct	' "$counters" | sed 's/:/: expected a counter that grows, found "/; s/120/19"/; s/\t/?/g')"
	run -0 "$REDUCE" check -z 100 "$data" "$records" "$work" "$counters"
}

# Only up to the first tab, and whatever it has: the kernel gives the names.
@test "a counter's name may be anything, and one that looks like another is not taken for it" {
	{ cat "$counters"; printf '%s\t5\t9\n' a%sb%n 'thp: "split"' "it's" "$(printf '%0500d' 0)" nr_ majors2 pgmajfault_x $'\303\244' ''; } > odd.tsv
	run -0 "$REDUCE" check -z 100 "$data" "$records" "$work" odd.tsv
	assert_output ""
	sed 's/^majors\t/majors2\t/' "$counters" > other.tsv
	fails 1 'other.tsv: no counter majors' check -z 100 "$data" "$records" "$work" other.tsv
	printf 'a%%sb\1\t9\t5\n' | cat "$counters" - > odd.tsv
	fails 1 "odd.tsv:$(wc -l < odd.tsv): expected a counter that grows, found \"a%sb??9?5\"" \
		check -z 100 "$data" "$records" "$work" odd.tsv
}

# system SECONDS... - system.tsv, whose first row is at 1.02 s of the clock, 0.02 s after the profiling
# began, and others so many s after that: how often something has happened is 1000 and 3 a row, of
# nr_free there are 50000 and 2 less a row; of gone there is nothing
system() {
	printf '%s\n' "$@" | awk 'BEGIN { OFS = "\t"; print "time_ns", "pgfault", "nr_free", "gone"; print 1020000000, 1000, 50000, "-" }
		{ printf "%.0f\t%d\t%d\t-\n", 1e9 + $1 * 1e9, 1000 + 3 * NR, 50000 - 2 * NR }' > system.tsv
}

# The resident sets are those of each process's record in that time: at 0.203 s 0 of process 41, which has
# ended by the next one, 4200 of 42 and 120 of 43.
@test "system has the rows of the whole machine, totals since the first one, and levels as they are" {
	system 0.05 0.1 0.203 0.21
	run -0 --separate-stderr "$REDUCE" system -z 100 "$data" "$records" system.tsv
	assert_equal "$stderr" ""
	assert_equal "$output" "$(tr ' ' '\t' << 'END'
seconds pgfault nr_free gone rss_kb
0.050000 3 49998 nan 12000
0.100000 6 49996 nan 13400
0.203000 9 49994 nan 4320
0.210000 12 49992 nan 120
END
	)"
}

# 1000 rows of 50 ms, of which each tenth is the last one of its half a second.
@test "system is thinned to rows at equal distances, and each of them is exact" {
	# shellcheck disable=SC2046 # words
	system $(seq 0.05 0.05 50)
	run -0 "$REDUCE" system -z 100 "$data" "$records" system.tsv
	run -0 awk -F '\t' '
		NR == 1 { next }
		{ k = int($1 / 0.05 + 0.5)
		  if ($2 != 3 * k || $3 != 50000 - 2 * k || $4 != "nan" || $5 != 0 && NR > 2 || NF != 5) print "row", $0
		  # a time on the edge is on either side of it; the last row is there in any case
		  if ((k - last < 9 || k - last > 11) && k < 1000) print "distance", k - last
		  last = k }
		END { print last, (NR - 1 >= 100 && NR - 1 <= 101) }' <<< "$output"
	assert_output "1000 1"
}

@test "system has 101 rows at most, the last one and all of what is little, however they lie" {
	while IFS='	' read -r seconds rows; do
		# shellcheck disable=SC2046,SC2086 # words
		system $(seq $seconds)
		run -0 "$REDUCE" system -z 100 "$data" "$records" system.tsv
		n=$(($(wc -l < system.tsv) - 2))
		assert_equal "$seconds: $(tail -n 1 <<< "$output" | cut -f 2)" "$seconds: $((3 * n))"
		case $rows in
		all) assert_equal "$seconds: $((${#lines[@]} - 1))" "$seconds: $n" ;;
		*) assert [ $((${#lines[@]} - 1)) -le 101 ]; assert [ $((${#lines[@]} - 1)) -ge "$rows" ] ;;
		esac
	done << 'END'
0.05 0.05 0.05	all
0.05 0.05 2	all
0.07 0.05 9.96	99
0.03 0.01 100	100
0.05 0.051 33	99
END
	# with a long gap in it, in which there was nothing to sample
	# shellcheck disable=SC2046 # words
	system $(seq 0.05 0.05 5) $(seq 95 0.05 100)
	run -0 "$REDUCE" system -z 100 "$data" "$records" system.tsv
	run -0 awk -F '\t' 'NR > 1 { print int($1 / 10) }' <<< "$output"
	run -0 uniq -c <<< "$output"
	assert_output --regexp '^ +[56] 0'$'\n'' +[56] 9'$'\n'' +1 10$'
}

@test "system takes a first row that was printed after the sample of the second was taken" {
	system 0.05 0.1
	sed -i '2s/^1020000000/1050100000/' system.tsv
	run -0 "$REDUCE" system -z 100 "$data" "$records" system.tsv
	assert_equal "$(cut -f 1,2 <<< "$output" | tr '\t' ' ')" "$(printf '%s\n' 'seconds pgfault' '0.050000 3' '0.100000 6')"
}

@test "system has the header row alone of a machine that nobody sampled but at the beginning" {
	system | head -n 2
	sed -i '3,$d' system.tsv
	run -0 "$REDUCE" system -z 100 "$data" "$records" system.tsv
	assert_output "$(printf 'seconds\tpgfault\tnr_free\tgone\trss_kb')"
}

@test "system takes 64 columns, whatever their names" {
	{
		{ echo time_ns; seq -f 'a%%s"%g' 64; } | paste -sd '\t'
		for ns in 1020000000 1050000000; do { echo $ns; seq 64; } | paste -sd '\t'; done
	} > wide.tsv
	run -0 "$REDUCE" system -z 100 "$data" "$records" wide.tsv
	assert_equal "$(head -n 1 <<< "$output")" "$({ echo seconds; seq -f 'a%%s"%g' 64; echo rss_kb; } | paste -sd '\t')"
	assert_equal "$(tail -n 1 <<< "$output")" "$({ echo 0.050000; yes 0 | head -n 64; echo 12000; } | paste -sd '\t')"
	sed 's/$/\t65/' wide.tsv > wider.tsv
	fails 1 "wider.tsv:1: expected no more columns, found \"$(head -n 1 wider.tsv | tr '\t' '?' | cut -c 1-200)\"" \
		system -z 100 "$data" "$records" wider.tsv
	assert_equal "${#stderr_lines[@]}" 1
}

# refuses_system SED MESSAGE - what sample-system has printed is not once sed has changed it
refuses_system() {
	sed "$1" system.tsv > bad.tsv
	fails 1 "bad.tsv:$2" system -z 100 "$data" "$records" bad.tsv
	assert_equal "${#stderr_lines[@]}" 1
}

@test "what is not of sample-system is refused with its line" {
	system 0.05 0.1 0.2
	refuses_system 1d '1: expected the header row of sample-system, found "1020000000?1000?50000?-"'
	refuses_system '1s/time_ns/time/' '1: expected the header row of sample-system, found "time?pgfault?nr_free?gone"'
	refuses_system '1s/\t.*//' '1: expected the header row of sample-system, found "time_ns"'
	later='expected a row of sample-system that is later than the one before'
	refuses_system '4s/^11/10/; 4s/\t1/\t2/' "4: $later, found \"1000000000?2006?49996?-\""
	refuses_system '4s/\t-$//' '4: expected a row of sample-system, found "1100000000?1006?49996"'
	refuses_system '4s/$/\t1/' "4: $later, found \"1100000000?1006?49996?-?1\""
	refuses_system '4s/$/ /' "4: $later, found \"1100000000?1006?49996?- \""
	for change in 1006/x 1006/-6 1006/0x10 1006/1e3 '1006\t/' '1006/' '\t1006/ 1006' 1006/+1006; do
		refuses_system "4s/${change/\//\/}/" \
			"4: expected a row of sample-system, found \"$(sed -n "4s/$change/; 4s/\t/?/g; 4p" system.tsv)\""
	done
	refuses_system '4s/^/-/' '4: expected a time, found "-1100000000?1006?49996?-"'
	refuses_system '4s/.*//' '4: expected a time, found ""'
	refuses_system '2,$d' ' no rows'
	refuses_system '1,$d' ' no rows'
	for length in 1 2 5; do
		head -c -$length system.tsv > bad.tsv
		run -1 --separate-stderr "$REDUCE" system -z 100 "$data" "$records" bad.tsv
		assert_equal "${#stderr_lines[@]}: $output" "1: "
		[[ $stderr == 'reduce: bad.tsv:5: expected a row of sample-system'*' without an end of line' ]] || fail "$stderr"
	done
	fails 1 'missing: No such file or directory' system -z 100 "$data" "$records" missing
	# the records are checked, too
	sed 9d "$records" > few.tsv
	fails 1 'few.tsv: process 42 has no last record' system -z 100 "$data" few.tsv system.tsv
}

@test "records that do not add up to the samples are refused, with the difference" {
	differ="major faults, which is"
	sed '5s/\t40\t/\t41\t/' "$records" > more.tsv
	sed '7s/\t30\t25\t/\t28\t13\t/' "$records" > fewer.tsv
	for command in "processes -z 100 $data more.tsv $work" "series -z 100 $data more.tsv $work" \
		"check -z 100 $data more.tsv $work $counters"; do
		# shellcheck disable=SC2086 # words
		fails 1 "more.tsv: 202 minor and 45 $differ +1 and +0 against the samples in $data" $command
	done
	fails 1 "fewer.tsv: 199 minor and 33 $differ -2 and -12 against the samples in $data" \
		processes -z 100 "$data" fewer.tsv "$work"
	# As many in all, but of the wrong kind.
	sed '7s/\t30\t25\t/\t25\t30\t/' "$records" > mixed.tsv
	fails 1 "mixed.tsv: 196 minor and 50 $differ -5 and +5 against the samples in $data" \
		processes -z 100 "$data" mixed.tsv "$work"
}

@test "a record that is missing is told by its line, even if it had no faults" {
	# Line 9 was 42's last, and that before it begins at its end.
	refuses_records 6d '8: the period of process 42 begins at 1200000000 ns, where the one before ended at 1100000000 ns'
	refuses_records 2d '3: process 42 has no first record before this one'
	refuses_records 9d ' process 42 has no last record'
	refuses_records '8s/f--/---/' '8: process 43 has no first record before this one'
	refuses_records '6s/---/-l-/' '9: process 42 has no first record before this one'
	refuses_records '6s/---/f--/' '6: process 42 begins again before its last record'
	refuses_records '4s/\t50000000/\t49999999/' '4: the period of process 42 begins at 1050000001 ns, where the one before ended at 1050000000 ns'
}

@test "a line that is no record is refused" {
	refuses_records 1d "1: expected the header row of records, found \"$(sed -n 2p "$records" | tr '\t' '?')\""
	refuses_records '1s/peak/most/' "1: expected the header row of records, found \"$(sed -n '1s/peak/most/; 1s/\t/?/g; 1p' "$records")\""
	for change in 's/\t60\t/\t-60\t/' 's/\t60\t/\t6x\t/' 's/\t60\t/\t\t/' 's/\t60\t/ 60 /' \
		's/f--/f-/' 's/f--/x--/' 's/f--/-f-/' 's/f--/f---/' 's/^/ /' 's/^105/0/' \
		's/\twork$//' 's/work$/wo\tk/' 's/work$/wo\x01k/' \
		's/\t41\t/\t18446744073709551616\t/' "s/work\$/$(printf '%064d' 0)/"; do
		refuses_records "3$change" \
			"3: expected a record, found \"$(sed -n "3$change; 3p" "$records" | tr -c '[:print:]\n' '?')\""
	done
}

@test "a truncated record is refused" {
	head -c -1 "$records" > bad.tsv
	fails 1 "bad.tsv:11: expected a record, found \"$(tail -n 1 "$records" | tr '\t' '?')\" without an end of line" \
		processes -z 100 "$data" bad.tsv "$work"
}

@test "a line that is no report is refused" {
	refuses_report '2s/.*/work: out of memory/' \
		':2: expected a report of work, found "work: out of memory"'
	line=$(head -n 1 "$work")
	for change in 's/ distinct=30//' 's/=7 /=-7 /' 's/=7 /=18446744073709551616 /' \
		's/mode=R/mode=X/' 's/mode=R/mode=/' 's/0\.2/nan/' 's/0\.2/-0.2/' 's/0\.2/0x2/' \
		's/0\.2/0.2.0/' 's/$/ swaps=1/' 's/ pid/  pid/' 's/major=20/major=/'; do
		refuses_report "1$change" \
			":1: expected a report of work, found \"$(sed "$change" <<< "$line")\""
	done
}

@test "a truncated report is refused" {
	head -c -1 "$work" > bad.work
	fails 1 "bad.work:3: expected a report of work, found \"$(tail -n 1 "$work")\" without an end of line" \
		check -z 100 "$data" "$records" bad.work "$counters"
}

@test "output that cannot be written is an error" {
	system 0.05 0.1
	for command in "samples -z 100 $data" "processes -z 100 $data $records $work" \
		"series -z 100 $data $records $work" "system -z 100 $data $records system.tsv" -h; do
		run -1 sh -c "'$REDUCE' $command > /dev/full"
		assert_output 'reduce: standard output: No space left on device'
	done
	# More than a buffer of stdio holds: not only the last write fails.
	seq -f '%.0f 1 2 3' 1 5000 > long.data
	run -1 sh -c "'$REDUCE' samples -z 100 long.data > /dev/full"
	assert_output 'reduce: standard output: No space left on device'
}

@test "arguments that make no sense are usage errors" {
	fails 2 'no command'
	fails 2 'no command' -z 100
	fails 2 'no -z HZ' samples "$data"
	fails 2 '-z: no value' samples "$data" -z
	fails 2 'unknown option' -x
	for hz in 0 19 10001 -100 1e3 100x '' ' 100' 18446744073709551616; do
		fails 2 "-z: expected 20 to 10000, found \"$hz\"" samples -z "$hz" "$data"
	done
	for wrong in frobnicate samples "samples $data $data" processes "processes $data $records" \
		"processes $data $records $work x" series "series $data $records" \
		check "check $data $records $work" "check $data $records $work $counters x"; do
		# shellcheck disable=SC2086 # words
		fails 2 'unknown command, or not its arguments' -z 100 $wrong
	done
}

@test "help goes to standard output" {
	run -0 --separate-stderr "$REDUCE" -h
	assert_line -n 0 'usage: reduce samples -z HZ PROFILE'
	assert_equal "$stderr" ""
}
