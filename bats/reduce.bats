#!/usr/bin/env bats
# reduce: profile data and reports in, tables and statistics out
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

setup_file() {
	export REDUCE=$BATS_FILE_TMPDIR/reduce
	"${CC:-gcc}" -std=gnu11 -g -O1 -Wall -Wextra -Wshadow -Wmissing-prototypes -Werror \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-o "$REDUCE" "$ROOT/experiments/reduce.c" "$ROOT/experiments/text.c" -lgsl -lgslcblas -lm
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
	fails 1 "bad.data:$2" series -z 100 bad.data
	assert_equal "${#stderr_lines[@]}" 1
}

# refuses_report SED MESSAGE - the reports are none once sed has changed them
refuses_report() {
	sed "$1" "$work" > bad.work
	fails 1 "bad.work$2" runs -z 100 3 "$data" "$records" bad.work "$counters"
}

# refuses_records SED MESSAGE - the records are none once sed has changed them
refuses_records() {
	sed "$1" "$records" > bad.tsv
	fails 1 "bad.tsv:$2" processes -z 100 "$data" bad.tsv
	assert_equal "${#stderr_lines[@]}" 1
}

# Rates are faults over the period: 100 / 0.05, 60 / 0.05, 40 / 0.1, 1 / 0.01
# and 0 / 0.05, 10 / 0.05, (30 + 2) / 0.1, 3 / 0.01. Utilization is a hundredth
# of the fourth number.
@test "series has a row a sample, with times from the jiffies" {
	run -0 --separate-stderr "$REDUCE" series -z 100 "$data"
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
@test "series measures jiffies in the HZ it is told" {
	run -0 "$REDUCE" series -z 1000 "$data"
	run -0 cut -f 1 <<< "$output"
	assert_output "$(printf '%s\n' seconds 0.050 0.055 0.065 0.066)"
}

@test "series takes a single sample" {
	echo '4294907296 3 1 33' > one.data
	run -0 "$REDUCE" series -z 250 one.data
	assert_line -n 1 "$(printf '0.050\t3\t1\t3\t1\t60.000\t20.000\t0.33')"
	assert_equal "${#lines[@]}" 2
}

# rate_hz = 4 / 0.21. utilization = (50 * 0.05 + 100 * 0.05 + 25 * 0.1 +
# 0 * 0.01) / 0.21 = 10 / 0.21. Of 0.2, 0.05 and 0.125 s, 0.125 is the median.
# touches = 400 + 100 + 220, distinct = 30 + 20 + 10. minor = 100 + 60 + 40 + 1,
# major = 10 + 30 + 2 + 3. work_minor = 130 + 65 + 5, work_major = 20 + 15 + 2.
# 45 / 0.21 = 214.2857 and 720 / 0.21 = 3428.5714 a second. The processes had 26, 17
# and 2 of the 45 major faults; these are 11, 2 and -13 from their mean of 15, and
# sqrt((121 + 4 + 169) / 3) / 15 = 0.65997.
#
# Of the counters: 48 - 45 other major faults; 60 + 10 requests; busy for 350 ms of
# 0.5 s, 350 / 45 = 7.7778 ms a fault. CPU time is 50.5 + 43 + 3 ms, over 45 2.1444 ms.
#
# The second run has the first two reports alone: the median is the mean of 0.2
# and 0.05; touches = 500, 500 / 0.21 = 2380.9524. Of its major faults, a process
# has 9 and the other 36, which is 13.5 from their mean of 22.5.
@test "runs has a row a run, with sums, means and medians" {
	head -n 2 "$work" | sed '1s/ minor=.*/ minor=90 major=5 minor_max=100 major_max=9/
		2s/ minor=.*/ minor=80 major=30 minor_max=101 major_max=36/' > two.work
	{
		head -n 1 "$records"
		tr ' ' '\t' <<< '1210000000 210000000 41 0 fl- 100 9 0 0 0 0 work'
		tr ' ' '\t' <<< '1210000000 210000000 42 0 fl- 101 36 0 0 0 0 work'
	} > two.tsv
	run -0 --separate-stderr "$REDUCE" runs -z 100 \
		3 "$data" "$records" "$work" "$counters" 2 "$data" two.tsv two.work "$counters"
	assert_equal "$stderr" ""
	assert_equal "$output" "$(tr -s ' \n' '\t\n' << 'END'
n samples seconds rate_hz utilization completion_min completion_median completion_max touches distinct minor major work_minor work_major majors_per_second touches_per_second major_share_min major_share_max major_cv pgmajfault other_majors pswpin pswpout swap_requests swap_busy lifetime_ms service_ms
3 4 0.210 19.048 47.62 0.050 0.125 0.200 720 60 201 45 200 37 214.286 3428.571 4.44 57.78 0.6600 46 3 60 80 70 70.00 2.1444 7.7778
2 4 0.210 19.048 47.62 0.050 0.125 0.200 500 50 201 45 170 35 214.286 2380.952 20.00 80.00 0.6000 46 3 60 80 70 70.00 0.0000 7.7778
END
	)"
}

@test "without a major fault nobody has a share of them" {
	echo '1000 5 0 0' > none.data
	{ head -n 1 "$records"; tr ' ' '\t' <<< '50000000 50000000 41 0 fl- 5 0 0 0 0 0 work'; } > none.tsv
	head -n 1 "$work" | sed 's/ minor=.*/ minor=5 major=0 minor_max=5 major_max=0/' > one.work
	run -0 "$REDUCE" runs -z 100 1 none.data none.tsv one.work "$counters"
	run -0 cut -f 17-19,26,27 <<< "${lines[1]}"
	assert_output "$(printf 'nan\tnan\tnan\tnan\tnan')"
}

# Time counts from the beginning of the earliest period, which is that of 41 though
# 42 was recorded before. Utilization is CPU time over the period: of 41 15 / 50, 25
# / 50, 10 / 100 and 0.5 / 10 ms, of 42 10 / 40, 25 / 50, 5 / 100 and 3 / 3 ms, of 43
# 3 / 60 and 0 / 10 ms.
@test "processes has a row a record, process after process, by their PIDs" {
	run -0 --separate-stderr "$REDUCE" processes -z 100 "$data" "$records" "$work"
	assert_equal "$stderr" ""
	assert_equal "$output" "$(tr ' _~' '\t _' << 'END'
process label flags seconds minor major minor~total major~total utilization rss~kb swap~kb
1 work_200_R_20,_seed_7 f-- 0.050 60 0 60 0 30.00 8000 0
1 work_200_R_20,_seed_7 --- 0.100 40 0 100 0 50.00 9000 0
1 work_200_R_20,_seed_7 --- 0.200 30 25 130 25 10.00 8500 500
1 work_200_R_20,_seed_7 -le 0.210 1 1 131 26 5.00 0 0
2 work_200_L_5,_seed_8 f-- 0.050 40 0 40 0 25.00 4000 0
2 work_200_L_5,_seed_8 --- 0.100 20 10 60 10 50.00 4400 100
2 work_200_L_5,_seed_8 --- 0.200 5 5 65 15 5.00 4300 200
2 work_200_L_5,_seed_8 -l- 0.203 0 2 65 17 100.00 4200 200
3 work_1_R_11,_seed_18446744073709551615 f-- 0.200 5 0 5 0 5.00 100 0
3 work_1_R_11,_seed_18446744073709551615 -l- 0.210 0 2 5 2 0.00 120 0
END
	)"
}

@test "a process without a report is called by its command and PID" {
	run -0 "$REDUCE" processes -z 100 "$data" "$records"
	run -0 cut -f 2 <<< "$output"
	assert_line -n 1 'work, pid 41'
	assert_line -n 9 'a?b, pid 43'
	head -n 1 "$work" > one.work
	run -0 "$REDUCE" processes -z 100 "$data" "$records" one.work
	run -0 cut -f 2 <<< "$output"
	assert_line -n 1 'work 200 R 20, seed 7'
	assert_line -n 5 'work, pid 42'
}

# A process may be registered again, and a PID be given again.
@test "a PID that begins again is another process" {
	{
		cat "$records"
		tr ' ' '\t' <<< '1310000000 50000000 41 0 fl- 0 0 0 4 0 4 again'
	} > again.tsv
	run -0 "$REDUCE" processes -z 100 "$data" again.tsv
	run -0 cut -f 1-4 <<< "$output"
	assert_line -n 4 "$(printf '1\twork, pid 41\t-le\t0.210')"
	assert_line -n 5 "$(printf '2\tagain, pid 41\tfl-\t0.310')"
	assert_line -n 6 "$(printf '3\twork, pid 42\tf--\t0.050')"
}

# The processes last 1.21 - 1, 1.203 - 1.01 and 1.21 - 1.14 s; 26 / 0.21 = 123.8095,
# 17 / 0.193 = 88.0829 and 2 / 0.07 = 28.5714 a second. Work i is the i-th report.
@test "facts names each number of a run and of its processes" {
	run -0 --separate-stderr "$REDUCE" facts -z 100 case1 "$data" "$records" "$work" "$counters"
	assert_equal "$stderr" ""
	assert_equal "$output" "$(tr ' _~' '\t _' << 'END'
case1.n 3
case1.samples 4
case1.seconds 0.210
case1.rate~hz 19.048
case1.utilization 47.62
case1.completion~min 0.050
case1.completion~median 0.125
case1.completion~max 0.200
case1.touches 720
case1.distinct 60
case1.minor 201
case1.major 45
case1.work~minor 200
case1.work~major 37
case1.majors~per~second 214.286
case1.touches~per~second 3428.571
case1.major~share~min 4.44
case1.major~share~max 57.78
case1.major~cv 0.6600
case1.pgmajfault 46
case1.other~majors 3
case1.pswpin 60
case1.pswpout 80
case1.swap~requests 70
case1.swap~busy 70.00
case1.lifetime~ms 2.1444
case1.service~ms 7.7778
case1.process1.label work_200_R_20,_seed_7
case1.process1.command work
case1.process1.pid 41
case1.process1.parent 0
case1.process1.work 1
case1.process1.minor 131
case1.process1.major 26
case1.process1.major~share 57.78
case1.process1.cpu~s 0.050500
case1.process1.peak~rss~kb 9100
case1.process1.elapsed~s 0.210000
case1.process1.majors~per~second 123.810
case1.process2.label work_200_L_5,_seed_8
case1.process2.command work
case1.process2.pid 42
case1.process2.parent 0
case1.process2.work 2
case1.process2.minor 65
case1.process2.major 17
case1.process2.major~share 37.78
case1.process2.cpu~s 0.043000
case1.process2.peak~rss~kb 4500
case1.process2.elapsed~s 0.193000
case1.process2.majors~per~second 88.083
case1.process3.label work_1_R_11,_seed_18446744073709551615
case1.process3.command a\040b
case1.process3.pid 43
case1.process3.parent 41
case1.process3.work 3
case1.process3.minor 5
case1.process3.major 2
case1.process3.major~share 4.44
case1.process3.cpu~s 0.003000
case1.process3.peak~rss~kb 150
case1.process3.elapsed~s 0.070000
case1.process3.majors~per~second 28.571
case1.work1.pid 41
case1.work1.mb 200
case1.work1.mode R
case1.work1.accesses 20
case1.work1.seed 7
case1.work1.touches 400
case1.work1.distinct 30
case1.work1.elapsed~s 0.200000
case1.work1.minor 130
case1.work1.major 20
case1.work1.minor~max 131
case1.work1.major~max 26
case1.work2.pid 42
case1.work2.mb 200
case1.work2.mode L
case1.work2.accesses 5
case1.work2.seed 8
case1.work2.touches 100
case1.work2.distinct 20
case1.work2.elapsed~s 0.050000
case1.work2.minor 65
case1.work2.major 15
case1.work2.minor~max 66
case1.work2.major~max 18
case1.work3.pid 43
case1.work3.mb 1
case1.work3.mode R
case1.work3.accesses 11
case1.work3.seed 18446744073709551615
case1.work3.touches 220
case1.work3.distinct 10
case1.work3.elapsed~s 0.125000
case1.work3.minor 5
case1.work3.major 2
case1.work3.minor~max 5
case1.work3.major~max 2
END
	)"
}

# level N MAJOR BUSY_MS TOUCHES - a run of N processes: its four files, for reduce
level() {
	printf '1000 0 %s 0\n' "$2" > "$1.data"
	head -n 1 "$records" > "$1.tsv"
	for pid in $(seq "$1"); do
		printf '50000000\t50000000\t%s\t0\tfl-\t0\t%s\t10000000\t0\t0\t0\twork\n' "$pid" \
			$(($2 / $1)) >> "$1.tsv"
		echo "work: pid=$pid mb=1 mode=R accesses=1 seed=1 touches=$(($4 / $1)) distinct=1" \
			"elapsed_s=1.0 minor=0 major=0 minor_max=0 major_max=$2"
	done > "$1.work"
	sed "/^pgmajfault/s/146/$((100 + $2))/; /^majors/s/98/$((50 + $2))/; /^swap_busy/s/1350/$((1000 + $3))/" \
		"$counters" > "$1.counters"
	echo "$1 $1.data $1.tsv $1.work $1.counters"
}

# CPU time is 10 ms a process. With 1, no fault: L is without end. With 2, L is 20 / 4
# = 5 ms and S 16 / 4 = 4; with 3, 30 / 6 = 5 and 60 / 6 = 10. The device is busy for
# 16, 60 and 300 ms of 500.
@test "knee has the largest N that each rule allows" {
	one=$(level 1 0 0 100) two=$(level 2 4 16 400) three=$(level 3 6 60 300) four=$(level 4 8 300 200)
	# shellcheck disable=SC2086 # words
	run -0 "$REDUCE" knee -z 100 $one $two $three $four
	assert_output "$(printf 'rule\tn\nthroughput\t2\nlifetime\t2\nhalf\t3')"
	# shellcheck disable=SC2086 # words
	fails 2 "N: expected rising ones, found 2 after 3" knee -z 100 $three $two
}

# P(B < 1) of 6 and 1/2 is 1/64: 1 - 2/64 = 96.88%, of the smallest and the largest. Of 9,
# 1 - 2 (1 + 9) / 512 = 96.09% is between the second ones; of 5, 1 - 2/32 = 93.75%.
@test "seeds has medians, and intervals of order statistics" {
	arguments=
	for run in 1 2 3 4 5 6 7 8 9; do
		arguments="$arguments $(level 1 $((run * run)) 0 100 | sed "s/ 1[.]/ $run./g; s/^1/1/")"
		for ending in data tsv work counters; do mv "1.$ending" "r$run.$ending"; done
		# shellcheck disable=SC2001 # a regular expression
		arguments=$(sed "s/ $run[.]/ r$run./g" <<< "$arguments")
		# shellcheck disable=SC2086 # words
		run -0 "$REDUCE" seeds -z 100 $arguments
		run -0 cut -f 2,3,16-18 <<< "${lines[1]}"
		case $run in
		1) assert_output "$(printf '1\t0.00\t1\t1\t1')" ;;
		5) assert_output "$(printf '5\t93.75\t1\t9\t25')" ;;
		6) assert_output "$(printf '6\t96.88\t1\t12\t36')" ;;
		9) assert_output "$(printf '9\t96.09\t4\t25\t64')" ;;
		esac
	done
}

@test "facts takes several runs" {
	run -0 "$REDUCE" facts -z 100 a "$data" "$records" "$work" "$counters" b "$data" "$records" "$work" "$counters"
	assert_equal "$(grep -c '^a\.' <<< "$output")" 99
	assert_equal "$(grep '^b\.' <<< "$output")" "$(grep '^a\.' <<< "$output" | sed 's/^a/b/')"
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
	run -0 "$REDUCE" series -z 100 large.data
}

@test "a truncated last line is refused" {
	refuses '1 2 3 4\n2 3 4 5' \
		'2: expected four numbers, found "2 3 4 5" without an end of line'
	refuses '1 2 3 4\n2 3' '2: expected four numbers, found "2 3" without an end of line'
}

@test "a NUL in a line is refused" {
	printf '1 2 3 4\n1 2 3 4\0 5\n' > bad.data
	run -1 --separate-stderr "$REDUCE" series -z 100 bad.data
	assert_equal "$output" ""
	assert_regex "$stderr" '^reduce: bad.data:2: expected four numbers'
}

@test "jiffies that go back are refused" {
	refuses '100 2 3 4\n105 0 0 0\n104 0 0 0\n' '3: jiffies go back, from 105 to 104'
}

@test "a file that is empty, missing or a directory is an error" {
	: > empty
	fails 1 'empty: no samples' series -z 100 empty
	fails 1 'empty: no records' processes -z 100 "$data" empty
	fails 1 'empty: no reports' facts -z 100 x "$data" "$records" empty "$counters"
	fails 1 'missing: No such file or directory' series -z 100 missing
	fails 1 'missing: No such file or directory' processes -z 100 "$data" missing
	fails 1 'missing: No such file or directory' facts -z 100 x "$data" "$records" missing "$counters"
	fails 1 '.: Is a directory' series -z 100 .
	fails 1 '.: Is a directory' processes -z 100 "$data" .
	fails 1 '.: Is a directory' facts -z 100 x "$data" "$records" . "$counters"
}

@test "a run with fewer or more reports than processes fails" {
	head -n 2 "$work" > two.work
	fails 1 "$records: process 43 has no report in two.work" \
		runs -z 100 3 "$data" "$records" two.work "$counters"
	cat "$work" two.work > five.work
	fails 1 "five.work: expected reports of 3 processes, found 5" \
		runs -z 100 3 "$data" "$records" "$work" "$counters" 3 "$data" "$records" five.work "$counters"
	for n in 2 4; do
		fails 1 "$records: expected records of $n processes, found 3" \
			runs -z 100 $n "$data" "$records" "$work" "$counters"
	done
}

# refuses_faults SED MESSAGE - the reports do not agree with the records
refuses_faults() {
	sed "$1" "$work" > bad.work
	for command in "check -z 100" "runs -z 100 3" "facts -z 100 x"; do
		# shellcheck disable=SC2086 # words
		fails 1 "$records: process $2" $command "$data" "$records" bad.work "$counters"
	done
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

@test "counters that are none, or lack one, are refused with their line" {
	refuses_counters 1d "1: expected the header row of counters, found \"$(sed -n '2s/\t/?/gp' "$counters")\""
	refuses_counters '2s/10.50/9.50/' '2: expected a counter that grows, found "time_s?10.00?9.50"'
	refuses_counters '5s/1060/x/' '5: expected a counter that grows, found "pswpin?1000?x"'
	refuses_counters '$s/$/ 1/' '14: expected a counter that grows, found "swap_busy_ms?1000?1350 1"'
	refuses_counters /pswpin/d " no counter pswpin"
	# but a machine may have no swap device
	sed /swap_/d "$counters" > none.tsv
	run -0 "$REDUCE" runs -z 100 3 "$data" "$records" "$work" none.tsv
	run -0 cut -f 20-27 <<< "${lines[1]}"
	assert_output "$(printf '46\t3\t60\t80\tnan\tnan\t2.1444\tnan')"
}

@test "records that do not add up to the samples are refused, with the difference" {
	differ="major faults, which is"
	sed '5s/\t40\t/\t41\t/' "$records" > more.tsv
	sed '7s/\t30\t25\t/\t28\t13\t/' "$records" > fewer.tsv
	for command in "processes -z 100 $data more.tsv" "runs -z 100 3 $data more.tsv $work $counters" \
		"facts -z 100 x $data more.tsv $work $counters"; do
		# shellcheck disable=SC2086 # words
		fails 1 "more.tsv: 202 minor and 45 $differ +1 and +0 against the samples in $data" $command
	done
	fails 1 "fewer.tsv: 199 minor and 33 $differ -2 and -12 against the samples in $data" \
		processes -z 100 "$data" fewer.tsv
	# As many in all, but of the wrong kind.
	sed '7s/\t30\t25\t/\t25\t30\t/' "$records" > mixed.tsv
	fails 1 "mixed.tsv: 196 minor and 50 $differ -5 and +5 against the samples in $data" \
		processes -z 100 "$data" mixed.tsv
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
		processes -z 100 "$data" bad.tsv
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
		runs -z 100 3 "$data" "$records" bad.work "$counters"
}

@test "output that cannot be written is an error" {
	for command in "series -z 100 $data" "processes -z 100 $data $records" \
		"runs -z 100 3 $data $records $work $counters" "facts -z 100 x $data $records $work $counters" -h; do
		run -1 sh -c "'$REDUCE' $command > /dev/full"
		assert_output 'reduce: standard output: No space left on device'
	done
	# More than a buffer of stdio holds: not only the last write fails.
	seq -f '%.0f 1 2 3' 1 5000 > long.data
	run -1 sh -c "'$REDUCE' series -z 100 long.data > /dev/full"
	assert_output 'reduce: standard output: No space left on device'
}

@test "arguments that make no sense are usage errors" {
	fails 2 'no command'
	fails 2 'no command' -z 100
	fails 2 'no -z HZ' series "$data"
	fails 2 '-z: no value' series "$data" -z
	fails 2 'unknown option' -x
	for hz in 0 19 10001 -100 1e3 100x '' ' 100' 18446744073709551616; do
		fails 2 "-z: expected 20 to 10000, found \"$hz\"" series -z "$hz" "$data"
	done
	for n in 0 1.5 x ''; do
		fails 2 "N: expected 1 to 1000000, found \"$n\"" runs -z 100 "$n" "$data" "$records" "$work" "$counters"
	done
	for wrong in frobnicate series "series $data $data" processes "processes $data" \
		"processes $data $records $work x" runs "runs 3 $data" "runs 3 $data $work" \
		"runs 3 $data $records $work" "runs 3 $data $records $work $counters 3" \
		check "check $data $records $work" facts "facts x $data $records $work"; do
		# shellcheck disable=SC2086 # words
		fails 2 'unknown command, or not its arguments' -z 100 $wrong
	done
}

@test "help goes to standard output" {
	run -0 --separate-stderr "$REDUCE" -h
	assert_line -n 0 'usage: reduce series -z HZ PROFILE'
	assert_equal "$stderr" ""
}
