#!/usr/bin/env bats
# oracle: theory and simulations of policies beside measurements. Expectations are computed by
# hand; and the committed measurements must agree with theory within what is stated here.

load helpers
load tables

setup_file() {
	build_tables
	export ORACLE=$TABLES/oracle
	make -s -C "$ROOT/mp3" work
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# of_theory touches|misses - the table of the committed runs
of_theory() {
	local row
	row=$ROOT/results/sim-6.1-160-ssd512-1/theory
	if [ "$1" = touches ]; then
		"$ORACLE" touches "$row/touches"
	else
		# shellcheck disable=SC2046 # words
		"$ORACLE" misses $(printf '%s\n' "$row"/random-*.data "$row"/local-*.data | sed 's/[.]data$//')
	fi
}

# resident PID RSS_KB SECONDS [RSS_KB SECONDS]... - the run's one process, which began at 1 s of
# the clock, and its resident set at times since then
resident() {
	printf 'process\tlabel\tpid\tparent\tcommand\treport\tminor\tmajor\tcpu_s\tpeak_rss_kb\tbegin_s\telapsed_s\n' > run.processes.tsv
	printf '1\twork\t%s\t0\twork\t1\t5\t1\t0.1\t9\t1.000000000\t9.0\n' "$1" >> run.processes.tsv
	shift
	{
		printf 'process\tseconds\tminor_total\tmajor_total\tutilization\trss_kb\tswap_kb\n'
		printf '1\t%s\t0\t0\tnan\t%s\t0\n' "$@"
	} > run.series.tsv
}

# fixture MODE - two iterations of 2 and 3 accesses to 1 MB, by PID 7
fixture() {
	printf '%s\n' "work: pid=7 iteration=1 begin_ns=1 end_ns=2 touches=2 distinct=2 minor=2 major=0" \
		"work: pid=7 iteration=2 begin_ns=4000000000 end_ns=6000000000 touches=5 distinct=4 minor=3 major=1" \
		"work: pid=7 mb=1 mode=$1 accesses=3 seed=1 touches=5 distinct=4 elapsed_s=6.0 minor=5 major=1 minor_max=5 major_max=1"
}

# 256 (1 - (255/256)^2) = 1.99609; the variance is that of one collision: p(1 - p), p = 1/256.
@test "the expectation of two accesses is that of one collision" {
	fixture R > run.work
	run -0 "$ORACLE" touches run
	assert_line --index 0 "$(printf 'accesses\texpected\tsd\tdistinct\tminor')"
	assert_line --index 1 "$(printf '2\t2.00\t0.06\t2\t2')"
	assert_line --index 2 --regexp "^5	4.96	0.2[0-9]	4	5$"
}

# 3 accesses in the second half, 2 of them first touches: 1 counts. 3 minor faults, of
# which 2 are first touches. 64 of 256 pages are resident, at 5 s of the clock; what is at 2 s,
# in the first half, and at 8 s, behind the second, does not count.
@test "misses counts the second half without first touches" {
	fixture R > run.work
	resident 7 1.0 4 3.5 128 4.0 384 7.0 4
	run -0 "$ORACLE" misses run
	run -0 cut -f 1-10,13 <<< "${lines[1]}"
	assert_output "$(printf 'R\t1\t256\t64.0\t0.2500\t1\t1\t1\t1.00000\t1.00000\t0.75000')"
}

# Independent references miss with 1 - M/W whatever is replaced: so must LRU. Five times
# sqrt(0.5 * 0.5 / 20000) is 0.018.
@test "LRU, FIFO, CLOCK and random replacement miss uniform accesses as often as theory says, OPT less" {
	"$ROOT/mp3/work" -v -n 2 -s 3 8 R 20000 2>&1 | grep -v 'not there' > run.work
	pid=$(sed -n 's/.*pid=\([0-9]*\) mb.*/\1/p' run.work)
	end=$(sed -n 's/.*iteration=2 .*end_ns=\([0-9]*\).*/\1/p' run.work)
	resident "$pid" "$(awk -v ns="$end" 'BEGIN { printf "%.6f", (ns - 1000) / 1e9 - 1 }')" 4096
	run -0 "$ORACLE" misses run
	run -0 awk '{ for (i = 14; i <= 17; i++) { off = $i - $13; if (off > 0.018 || off < -0.018) print i, $i } print $18 < $13 / 2 }' <<< "${lines[1]}"
	assert_output 1
}

# Loops over more pages than there are frames are LRU's worst; work has none. With all
# pages resident, nothing is missed.
@test "no policy misses anything when all is resident" {
	"$ROOT/mp3/work" -v -n 2 8 L 3000 2>&1 | grep -v 'not there' > run.work
	pid=$(sed -n 's/.*pid=\([0-9]*\) mb.*/\1/p' run.work)
	end=$(sed -n 's/.*iteration=2 .*end_ns=\([0-9]*\).*/\1/p' run.work)
	resident "$pid" "$(awk -v ns="$end" 'BEGIN { printf "%.6f", (ns - 1000) / 1e9 - 1 }')" 8192
	run -0 "$ORACLE" misses run
	run -0 cut -f 13-18 <<< "${lines[1]}"
	assert_output "$(printf '0.00000\t0.00000\t0.00000\t0.00000\t0.00000\t0.00000')"
}

# replaced FRAMES PAGE... - the misses of all policies, as policy=misses
replaced() {
	local frames=$1
	shift
	printf '%s\n' "$@" | "$ORACLE" replace "$frames" > replaced.tsv
	run -0 awk 'NR > 1 { print $1 "=" $4 }' replaced.tsv
}

# The string and its faults of Belady, Nelson and Shedler (Communications of the ACM 12(6), 1969), of
# textbooks since then. CLOCK by hand: all bits are set when it has to replace, so it is FIFO until
# 1 and 2 are accessed again, which FIFO does not see; then it replaces 3 and 4, as FIFO does.
@test "with a fourth frame, FIFO misses more of Belady's string, and LRU and OPT less" {
	replaced 3 1 2 3 4 1 2 5 1 2 3 4 5
	assert_line lru=10.0
	assert_line fifo=9.0
	assert_line opt=7.0
	replaced 4 1 2 3 4 1 2 5 1 2 3 4 5
	assert_line lru=8.0
	assert_line fifo=10.0
	assert_line opt=6.0
}

# With three frames, 4 replaces 1, all bits being set, and clears those of 2 and 3. Then 2 is accessed:
# 5 passes over it and replaces 3, so 2 is there still, and 3 is not. FIFO replaces 2.
@test "CLOCK passes over a page that was accessed since it came by, FIFO does not" {
	replaced 3 1 2 3 4 2 5 2
	assert_line clock=5.0
	assert_line fifo=6.0
	replaced 3 1 2 3 4 2 5 3
	assert_line clock=6.0
	assert_line fifo=5.0
}

# A loop over one page more than there are frames: LRU, FIFO and CLOCK miss each access. OPT misses
# 4 first touches, and then the page that it has left out, which is each third access: of 12 more, 4.
@test "a loop that is a page too long is missed whole, but by OPT" {
	# shellcheck disable=SC2046 # words
	replaced 3 $(for _ in 1 2 3 4; do echo 1 2 3 4; done)
	assert_line lru=16.0
	assert_line fifo=16.0
	assert_line clock=16.0
	assert_line opt=8.0
}

# No other replacement misses less than OPT: all ways to choose are tried, for short strings.
@test "OPT misses as few as any choice of pages can" {
	cat > best.awk <<-'AWK'
		# the least misses from access i on, with the set of pages in memory, as " 1 2 "
		function best(i, set, n,    page, least, cost, k, word, words) {
			if (i > NR) return 0
			page = " " string[i] " "
			if (index(set, page)) return best(i + 1, set, n)
			if (n < frames) return 1 + best(i + 1, set string[i] " ", n + 1)
			least = 1000
			words = split(set, word, " ")
			for (k = 1; k <= words; k++) {
				cost = set
				sub(" " word[k] " ", " ", cost)
				cost = 1 + best(i + 1, cost string[i] " ", n)
				if (cost < least) least = cost
				split(set, word, " ")
			}
			return least
		}
		{ string[NR] = $1 }
		END { printf "opt=%.1f\n", best(1, " ", 0) }
	AWK
	for seed in 1 2 3 4 5 6; do
		mapfile -t string < <(awk -v seed=$seed 'BEGIN { srand(seed); for (i = 0; i < 14; i++) print int(rand() * 6) }')
		expected=$(printf '%s\n' "${string[@]}" | awk -v frames=3 -f best.awk)
		replaced 3 "${string[@]}"
		assert_line "$expected"
	done
}

@test "a string that is none is refused with its line, and so is a number of frames" {
	run -1 "$ORACLE" replace 3 < <(printf '1\nx\n')
	assert_output 'oracle: standard input:2: expected the number of a page, up to 100000000, found "x"'
	run -2 "$ORACLE" replace 0 < /dev/null
	assert_output --partial FRAMES
	run -0 "$ORACLE" replace 1 < /dev/null
	assert_line --index 1 "$(printf 'lru\t1\t0\t0.0')"
}

@test "first touches are within four standard deviations of theory, and one fault" {
	run -0 awk 'NR > 1 { off = $4 - $2; if (off < 0) off = -off
		if (off > 4 * $3 || $5 < $4 || $5 > $4 + 1) print } END { print NR }' <<< "$(of_theory touches)"
	assert_output 21
}

@test "uniform accesses miss within 0.01 of 1 - M/W, from M/W of 0.3 to 0.94" {
	run -0 awk '$1 == "R" { n++; off = $11 - $13; if (off > 0.01 || off < -0.01) print
			if (n == 1 || $5 > most) most = $5; if (n == 1 || $5 < least) least = $5 }
		END { print n, (least <= 0.3), (most >= 0.94) }' <<< "$(of_theory misses)"
	assert_output "10 1 1"
}

@test "accesses with locality miss within 15% of LRU" {
	run -0 awk '$1 == "L" { n++; ratio = $11 / $14; if (ratio > 1.15 || ratio < 0.85) print }
		END { print n }' <<< "$(of_theory misses)"
	assert_output 3
}

@test "what is no report or series is refused with its line" {
	resident 7 4.0 256
	fixture R | sed 2d > run.work
	run -1 "$ORACLE" misses run
	assert_line "oracle: run.work: one iteration has no second half"
	fixture R | sed 1d > run.work
	run -1 "$ORACLE" touches run
	assert_output --partial "oracle: run.work:1: expected an iteration or a report of work, found"
	fixture L > run.work
	run -1 "$ORACLE" touches run
	assert_output "oracle: run.work: the accesses are not uniform: mode L"
	resident 7 8.0 256
	run -1 "$ORACLE" misses run
	assert_line "oracle: run.series.tsv: nothing in the second half of the iterations of process 7"
	resident 7 x 256
	run -1 "$ORACLE" misses run
	assert_line 'oracle: run.series.tsv:2: expected a row of a series, found "1?x?0?0?nan?256?0"'
	sed -i 1d run.series.tsv
	run -1 "$ORACLE" misses run
	assert_line 'oracle: run.series.tsv:1: expected the header row of a series, found "1?x?0?0?nan?256?0"'
	resident 8 4.0 256
	run -1 "$ORACLE" misses run
	assert_line "oracle: run.processes.tsv: process 7 is not the only one"
	run -2 "$ORACLE" guess
	assert_line "oracle: unknown command, or not its arguments"
}
