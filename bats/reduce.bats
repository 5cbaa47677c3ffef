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
# shellcheck disable=SC2154 # bats sets stderr
load helpers

setup_file() {
	export REDUCE=$BATS_FILE_TMPDIR/reduce
	"${CC:-gcc}" -std=gnu11 -g -O1 -Wall -Wextra -Wshadow -Wmissing-prototypes -Werror \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-o "$REDUCE" "$ROOT/experiments/reduce.c" -lgsl -lgslcblas -lm
}

setup() {
	data=$BATS_TEST_DIRNAME/fixtures/four.data
	work=$BATS_TEST_DIRNAME/fixtures/three.work
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
	fails 1 "bad.work$2" runs -z 100 3 "$data" bad.work
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
# major = 10 + 30 + 2 + 3. work_minor = 90 + 80 + 30, work_major = 20 + 15 + 8.
# 45 / 0.21 = 214.2857 and 720 / 0.21 = 3428.5714 a second.
#
# The second run has the first two reports alone: the median is the mean of 0.2
# and 0.05; touches = 500, 500 / 0.21 = 2380.9524.
@test "runs has a row a run, with sums, means and medians" {
	head -n 2 "$work" > two.work
	run -0 --separate-stderr "$REDUCE" runs -z 100 3 "$data" "$work" 2 "$data" two.work
	assert_equal "$stderr" ""
	assert_equal "$output" "$(tr -s ' \n' '\t\n' << 'END'
n samples seconds rate_hz utilization completion_min completion_median completion_max touches distinct minor major work_minor work_major majors_per_second touches_per_second
3 4 0.210 19.048 47.62 0.050 0.125 0.200 720 60 201 45 200 43 214.286 3428.571
2 4 0.210 19.048 47.62 0.050 0.125 0.200 500 50 201 45 170 35 214.286 2380.952
END
	)"
}

@test "facts names each number of a run and of its processes" {
	run -0 --separate-stderr "$REDUCE" facts -z 100 case1 "$data" "$work"
	assert_equal "$stderr" ""
	assert_equal "$output" "$(tr ' ' '\t' << 'END'
case1.n 3
case1.samples 4
case1.seconds 0.210
case1.rate_hz 19.048
case1.utilization 47.62
case1.completion_min 0.050
case1.completion_median 0.125
case1.completion_max 0.200
case1.touches 720
case1.distinct 60
case1.minor 201
case1.major 45
case1.work_minor 200
case1.work_major 43
case1.majors_per_second 214.286
case1.touches_per_second 3428.571
case1.work1.pid 41
case1.work1.mb 200
case1.work1.mode R
case1.work1.accesses 20
case1.work1.seed 7
case1.work1.touches 400
case1.work1.distinct 30
case1.work1.elapsed_s 0.200000
case1.work1.minor 90
case1.work1.major 20
case1.work2.pid 42
case1.work2.mb 200
case1.work2.mode L
case1.work2.accesses 5
case1.work2.seed 8
case1.work2.touches 100
case1.work2.distinct 20
case1.work2.elapsed_s 0.050000
case1.work2.minor 80
case1.work2.major 15
case1.work3.pid 43
case1.work3.mb 1
case1.work3.mode R
case1.work3.accesses 11
case1.work3.seed 18446744073709551615
case1.work3.touches 220
case1.work3.distinct 10
case1.work3.elapsed_s 0.125000
case1.work3.minor 30
case1.work3.major 8
END
	)"
}

@test "facts takes several runs" {
	run -0 "$REDUCE" facts -z 100 a "$data" "$work" b "$data" "$work"
	assert_equal "$(grep -c '^a\.' <<< "$output")" 46
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
	fails 1 'empty: no reports' facts -z 100 x "$data" empty
	fails 1 'missing: No such file or directory' series -z 100 missing
	fails 1 'missing: No such file or directory' facts -z 100 x "$data" missing
	fails 1 '.: Is a directory' series -z 100 .
	fails 1 '.: Is a directory' facts -z 100 x "$data" .
}

@test "a run with fewer or more reports than processes fails" {
	fails 1 "$work: expected reports of 4 processes, found 3" runs -z 100 4 "$data" "$work"
	fails 1 "$work: expected reports of 2 processes, found 3" \
		runs -z 100 3 "$data" "$work" 2 "$data" "$work"
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
		runs -z 100 3 "$data" bad.work
}

@test "output that cannot be written is an error" {
	for command in "series -z 100 $data" "runs -z 100 3 $data $work" "facts -z 100 x $data $work" -h; do
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
		fails 2 "N: expected 1 to 1000000, found \"$n\"" runs -z 100 "$n" "$data" "$work"
	done
	for wrong in frobnicate series "series $data $data" runs "runs 3 $data" \
		"runs 3 $data $work 3" facts "facts x $data"; do
		# shellcheck disable=SC2086 # words
		fails 2 'unknown command, or not its arguments' -z 100 $wrong
	done
}

@test "help goes to standard output" {
	run -0 --separate-stderr "$REDUCE" -h
	assert_line -n 0 'usage: reduce series -z HZ PROFILE'
	assert_equal "$stderr" ""
}
