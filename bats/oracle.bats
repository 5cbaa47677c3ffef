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
	row=$ROOT/results/sim-6.1-164-ssd512-1/theory
	if [ "$1" = touches ]; then
		"$ORACLE" touches "$row/touches"
	else
		# made once, for it takes some seconds
		# shellcheck disable=SC2046 # words
		[ -s "$BATS_FILE_TMPDIR/misses" ] ||
			"$ORACLE" misses $(printf '%s\n' "$row"/random-*.data "$row"/local-*.data | sed 's/[.]data$//') \
				> "$BATS_FILE_TMPDIR/misses"
		cat "$BATS_FILE_TMPDIR/misses"
	fi
}

# resident NS PAGES [NS PAGES]... - the run's resident pages, and when by the machine's clock
resident() {
	printf 'time_ns\tpages\n' > run.resident.tsv
	printf '%s\t%s\n' "$@" >> run.resident.tsv
}

# ends - when the iterations of run.work do
ends() { sed -n 's/.* end_ns=\([0-9]*\) .*/\1/p' run.work; }

# fixture MODE - two iterations of 2 and 3 accesses to 1 MB, by PID 7
fixture() {
	printf '%s\n' "work: pid=7 iteration=1 begin_ns=1 end_ns=2 touches=2 distinct=2 minor=2 major=0" \
		"work: pid=7 iteration=2 begin_ns=4000000000 end_ns=6000000000 touches=5 distinct=4 minor=3 major=1" \
		"work: pid=7 mb=1 mode=$1 accesses=3 seed=1 touches=5 distinct=4 elapsed_s=6.0 awake_s=3.0 minor=5 major=1 minor_max=5 major_max=1"
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
# which 2 are first touches. 2 of 3 pages, on the average, are resident at 5 s; what is at 3 s, in the first
# half, and at 7 s, behind the second, does not count. One batch has no standard error.
@test "misses counts the second half without first touches" {
	fixture R > run.work
	resident 1 1 3000000000 1 5000000000 2 7000000000 1
	run -0 "$ORACLE" misses run
	run -0 cut -f 1-18 <<< "${lines[1]}"
	assert_output "$(printf '%s\t' R 1 256 2.0 2.0 2.0 0.6667 1 1 1 1 1.00000 1.00000 2.00000 nan 0.33333 nan)nan"
}

# four_iterations MODE MISSES MISSES - of ten accesses to 256 pages that all have been touched, each a second long
four_iterations() {
	local i
	for i in 1 2 3 4; do
		echo "work: pid=7 iteration=$i begin_ns=${i}000000000 end_ns=${i}900000000 touches=${i}0 distinct=256 minor=0 major=$((i < 3 ? 9 : i < 4 ? $2 : $3))"
	done
	echo "work: pid=7 mb=1 mode=$1 accesses=10 seed=1 touches=40 distinct=256 elapsed_s=6.0 awake_s=3.0 minor=5 major=1 minor_max=5 major_max=1"
}

# 2 and 4 misses of 10: 0.3, each is 1 off, so the error is sqrt(2 (1 + 1)) / 20. Half of the pages are resident
# in the first batch, three quarters in the second, so theory has 5 and 2.5 misses: 0.075 more than there
# were, and each batch is 2.25 off from that: sqrt(2 * 2 * 2.25^2) / 20. 5% of the way from 128 to 192 are 3.2.
# And the string is too short for a policy to replace anything: 0.3 are three errors.
@test "standard errors are those of the means of batches, and of the difference to theory" {
	four_iterations R 2 4 > run.work
	resident 3100000000 128 4100000000 192
	run -0 "$ORACLE" misses run
	line=${lines[1]}
	run -0 cut -f 4-7,9,14-23 <<< "$line"
	assert_output "$(printf '%s\t' 160.0 131.2 188.8 0.6250 2 0.30000 0.10000 0.37500 0.22500 -0.3 0.00000 0.00000 0.00000 0.10000)3.0"
	four_iterations L 2 4 > run.work
	run -0 "$ORACLE" misses run
	run -0 cut -f 14-18 <<< "${lines[1]}"
	assert_output "$(printf '0.30000\t0.10000\tnan\tnan\tnan')"
}

# Independent references miss with 1 - M/W whatever is replaced: so must LRU. Five times
# sqrt(0.5 * 0.5 / 20000) is 0.018.
@test "LRU, FIFO, CLOCK and random replacement miss uniform accesses as often as theory says, OPT less" {
	"$ROOT/mp3/work" -v -n 2 -s 3 8 R 20000 2>&1 | grep -v 'not there' > run.work
	resident "$(ends | tail -n 1)" 1024
	run -0 "$ORACLE" misses run
	run -0 awk '{ for (i = 19; i <= 34; i += 5) { off = $i - $16; if (off > 0.018 || off < -0.018) print i, $i } print $39 < $16 / 2 }' <<< "${lines[1]}"
	assert_output 1
}

# Half of the pages are resident in one sample of the third iteration and three quarters in the other: of the accesses
# twice as many are in the time of the latter, so 0.5 and 0.25 make 1/3. In the fourth all pages are, and one counts as missing.
@test "what is expected of uniform accesses is the harmonic mean over the time" {
	four_iterations R 2 4 > run.work
	resident 3100000000 128 3200000000 192 4100000000 256
	run -0 "$ORACLE" misses run
	run -0 awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print $at["uniform_ratio"], $at["resident"] }' <<< "$output"
	assert_output "$(awk 'BEGIN { printf "%.5f", (1 / 3 + 1 / 256) / 2 }') 208.0"
}

# The third goes to 3.9 s, the fourth from 4 to 4.9. The third has one of its own, and the fourth (64 + 192) / 2.
@test "an iteration without a sample has those of the pauses around it, or one of them" {
	four_iterations R 2 4 > run.work
	resident 3100000000 128 3905000000 64 4905000000 192 4906000000 32
	run -0 "$ORACLE" misses run
	run -0 cut -f 4-6 <<< "${lines[1]}"
	assert_output "$(printf '128.0\t70.4\t185.6')"
	resident 3100000000 128 5000000000 192
	run -0 "$ORACLE" misses run
	run -0 cut -f 4 <<< "${lines[1]}"
	assert_output 160.0
	resident 3100000000 128 3950000000 64
	run -0 "$ORACLE" misses run
	run -0 cut -f 4 <<< "${lines[1]}"
	assert_output 96.0
	resident 3100000000 128 3900000000 100
	run -1 "$ORACLE" misses run
	assert_line "oracle: run.resident.tsv: nothing in iteration 4 of process 7"
}

# With all pages resident, nothing is missed.
@test "no policy misses anything when all is resident" {
	"$ROOT/mp3/work" -v -n 2 8 L 3000 2>&1 | grep -v 'not there' > run.work
	resident "$(ends | tail -n 1)" 2048
	run -0 "$ORACLE" misses run
	run -0 awk '{ print $19 + $20 + $21 + $24 + $29 + $34 + $39 + $44 + $49 }' <<< "${lines[1]}"
	assert_output 0
}

# Of samples of 50 and 950 pages, 5% are below 95 and above 905: with as many all the time, a policy misses
# as much as the most, and the least. (Of VMIN, whose 44th column it is, there is room for all with 500, as with 905.)
@test "the range of a policy is that of its misses with the pages that 5% of the samples are below and above" {
	"$ROOT/mp3/work" -v -n 4 4 L 5000 2>&1 | grep -v 'not there' > run.work
	mapfile -t end < <(ends)
	resident "${end[2]}" 50 "${end[3]}" 950
	run -0 "$ORACLE" misses run
	run -0 awk '{ for (i = 19; i <= 49; i += 5) { if (i != 44 && ($(i + 1) >= $i || $i >= $(i + 2))) print i; printf "%s %s ", $(i + 1), $(i + 2) } }' <<< "${lines[1]}"
	range=$output
	resident "${end[2]}" 905 "${end[3]}" 905
	run -0 "$ORACLE" misses run
	least=${lines[1]}
	resident "${end[2]}" 95 "${end[3]}" 95
	run -0 "$ORACLE" misses run
	run -0 awk '{ for (i = 19; i <= 49; i += 5) { if (NR == 1) least[i] = $i; else printf "%s %s ", least[i], $i } }' \
		<<< "$least"$'\n'"${lines[1]}"
	assert_output "$range"
}

# All pages are touched in an iteration. A row comes after each fault, so one comes in the pause.
@test "resident counts the pages of work's memory" {
	make -s -C "$ROOT" -f experiments/measure/measure.mk build/measure/resident
	"$ROOT/mp3/work" -n 2 8 R 100000 2> /dev/null 3>&- & worker=$!
	run -0 "$ROOT/build/measure/resident" $worker 8
	assert_line --index 0 "$(printf 'time_ns\tpages')"
	assert_line --regexp "$(printf '^[0-9]+\t2048$')"
	wait $worker
	sleep 1 3>&- & sleeper=$!
	run -1 "$ROOT/build/measure/resident" $sleeper 8
	assert_line "resident: process $sleeper has had no mapping of 8 MiB"
	run -2 "$ROOT/build/measure/resident" 1
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

# Of 1 2 1 3 1 2, the intervals are 2 4 2, to the end 3, 2, to the end 1. The working sets of tau = 1 have 6 pages in all,
# 11 of tau = 2, 13 of 3, 14 of 4 and more. So with a mean of one page tau is 1, and nothing is found; with two, it
# is 2, and the two accesses at a distance of 2 are; with three, all. VMIN has, besides the page of each access,
# 0, 6 or 12 to spend, and the three intervals take 1, 1 and 3: with two on the average, it has three where they help,
# and misses less than OPT, which never has more than two.
@test "WS finds what was accessed within the tau of its mean size, VMIN the shortest intervals that it has room for" {
	for expected in "1 6.0 6.0 6.0" "2 4.0 3.0 4.0" "3 3.0 3.0 3.0"; do
		read -r frames ws vmin opt <<< "$expected"
		replaced "$frames" 1 2 1 3 1 2
		assert_line "ws=$ws"
		assert_line "vmin=$vmin"
		assert_line "opt=$opt"
	done
	# four intervals of 4, of which each takes 3, have room for two in 8: no tau has that
	replaced 2 1 2 3 4 1 2 3 4
	assert_line vmin=6.0
	# the sets of tau = 1, 2 and 3 have 8, 15 and 21: 16 is a page less than what tau = 3 would have
	assert_line ws=8.0
}

# definitions - awk's functions of the misses of string[1..n] from access @first on, with first touches if
# @compulsory is 1. ws: for each tau, the sets of the last tau accesses. vmin: the intervals in the order of
# what they take, while there is room; and least() of all choices, which are tried.
definitions() {
	cat <<-'AWK'
		function simulate(tau, n, first, compulsory,    i, page, missed, size, sum, count, touched) {
			for (i = 1; i <= n; i++) {
				page = string[i]
				if (i >= first) missed += page in touched ? !count[page] : compulsory
				touched[page]
				if (!count[page]++) size++
				if (i > tau && !--count[string[i - tau]]) size--
				if (i >= first) sum += size
			}
			mean = sum / (n - first + 1)
			return missed + 0
		}
		function ws(n, frames, first, compulsory,    tau, missed, now) {
			for (tau = 1; tau <= n; tau++) {
				now = simulate(tau, n, first, compulsory)
				if (mean > frames) break
				missed = now
			}
			return missed
		}
		function intervals(n, first,    i, page, last) {
			touches = nr = 0
			for (i = 1; i <= n; i++) {
				page = string[i]
				if (!(page in last)) touches += i >= first
				else if (i >= first) takes[++nr] = last[page] + 1 < first ? i - first : i - last[page] - 1
				last[page] = i
			}
		}
		function vmin(n, frames, first, compulsory,    t, i, room, missed) {
			intervals(n, first)
			room = (frames - 1) * (n - first + 1)
			for (t = 0; t <= n; t++)
				for (i = 1; i <= nr; i++)
					if (takes[i] == t) { room -= t; missed += room < 0 }
			return missed + compulsory * touches
		}
		function least(i, room,    with, without) {
			if (i > nr) return 0
			without = 1 + least(i + 1, room)
			if (takes[i] > room) return without
			with = least(i + 1, room - takes[i])
			return with < without ? with : without
		}
	AWK
}

# All strings of six accesses to four pages at most, but for the names of the pages.
@test "of all short strings, VMIN misses as few as any choice, WS as defined; VMIN no more than OPT, OPT than LRU, FIFO and CLOCK" {
	cat > strings.awk <<-'AWK'
		function extend(string, n, pages,    i) {
			if (n == 6) { print string; return }
			for (i = 1; i <= pages + 1 && i <= 4; i++) extend(string i " ", n + 1, i > pages ? i : pages)
		}
		BEGIN { extend("", 0, 0) }
	AWK
	for frames in 2 3; do
		awk -f strings.awk | while read -r string; do
			printf 'string\t%s\t%s\n' $frames "$string"
			tr ' ' '\n' <<< "$string" | "$ORACLE" replace $frames
		done
	done > replaced.tsv
	{
		definitions
		cat <<-'AWK'
			function check() {
				if (!frames) return
				all++
				intervals(6, 1)
				if (misses["vmin"] != touches + least(1, (frames - 1) * 6) || misses["vmin"] != vmin(6, frames, 1, 1) ||
				    misses["ws"] != ws(6, frames, 1, 1) || misses["vmin"] > misses["opt"] || misses["vmin"] > misses["ws"] ||
				    misses["opt"] > misses["lru"] || misses["opt"] > misses["fifo"] || misses["opt"] > misses["clock"])
					print frames, words
			}
			$1 == "string" { check(); frames = $2; words = $3; split(words, string, " "); next }
			{ misses[$1] = $4 }
			END { check(); print all }
		AWK
	} > check.awk
	run -0 awk -F '\t' -f check.awk replaced.tsv
	assert_output $((2 * 187))
}

# With more frames, a stack algorithm misses no more; WS and VMIN neither, for their tau grows.
@test "with more frames, LRU, OPT, VMIN and WS miss no more" {
	mapfile -t string < <(awk 'BEGIN { srand(5); for (i = 0; i < 200; i++) print int(rand() * rand() * 30) }')
	for frames in {1..20}; do
		replaced "$frames" "${string[@]}"
		grep -E '^(lru|opt|vmin|ws)=' <<< "$output"
	done > all
	run -0 awk -F = '$1 in before && $2 > before[$1] { print } { before[$1] = $2; n++ } END { print n }' all
	assert_output 80
}

# bounded - the row of the bounds of run, as column=value
bounded() {
	"$ORACLE" bounds "$1" > bounds.tsv
	awk -F '\t' 'NR == 1 { split($0, name, FS); next } { for (i = 1; i <= NF; i++) print name[i] "=" $i }' bounds.tsv > bounded
}

# value COLUMN - of it
value() { sed -n "s/^$1=//p" bounded; }

# made_run [ARGUMENT...] - results of it in $made, as made_up has them
made_run() {
	made=results/sim-6.1-224-disk512-1/thrash-local/x
	mkdir -p "${made%/*}"
	printf '%s\t%s\n' command "./profile thrash local" > "${made%/*}/meta.tsv"
	made_up "$made" 7 "$@"
}

# The second half are the accesses from 401 on. LRU by how many other pages there were since the page was accessed.
# Of 16 KiB, the page is found by how many are distinct.
@test "bounds has the misses of the policies in the second half, by their definitions, whatever the size of a page" {
	for made_of in "L 1 4096 60" "L 8 16384 50" "R 1 4096 150" "R 4 16384 200"; do
		read -r mode mb page resident <<< "$made_of"
		made_run "$mode" "$mb" "$page" 3 100 8 60 "$resident"
		bounded "$made"
		{
			definitions
			cat <<-'AWK'
				{ string[NR] = $1 }
				NR > 400 {
					split("", others)
					n = 0
					for (i = NR - 1; i > 0 && string[i] != $1; i--) if (!(string[i] in others)) { others[string[i]]; n++ }
					lru += i > 0 && n >= frames
				}
				END { printf "lru=%.1f\nws=%.1f\nvmin=%.1f\n", lru, ws(NR, frames, 401, 0), vmin(NR, frames, 401, 0) }
			AWK
		} > expected.awk
		expected=$(awk -v frames="$resident" -f expected.awk $made.string)
		assert_equal "$made_of: $(for policy in lru ws vmin; do echo $policy="$(value ${policy}_misses)"; done)" "$made_of: $expected"
		assert [ "$(value lru_misses)" != 0.0 ]
		run -0 awk -v opt="$(value opt_misses)" -v lru="$(value lru_misses)" -v vmin="$(value vmin_misses)" \
			'BEGIN { print (vmin <= opt), (opt < lru) }'
		assert_output "1 1"
	done
}

# 60 major faults in each of four batches, of 400 accesses. With the first touches F, the factor of a policy
# is (240 + F) / (its misses + F).
@test "bounds tells where a run belongs, what it missed, and the factors, first touches included" {
	made_run L 1 4096 3 100 8 60 100
	bounded "$made"
	assert_equal "$(head -n 9 bounded | paste -sd ' ')" "machine=sim kernel=6.1 memory=224 swap=disk512 seed=1 knobs=- case=thrash argument=local name=x"
	first=$(awk '!($1 in seen) { n += NR > 400 } { seen[$1] } END { print n }' $made.string)
	assert_equal "$(value resident) $(value resident_low) $(value resident_high) $(value accesses) $(value first_touches) $(value misses)" \
		"100.0 100.0 100.0 $((400 - first)) $first 240"
	for policy in lru fifo clock random opt vmin ws; do
		expected=$(awk -v first="$first" -v misses="$(value ${policy}_misses)" 'BEGIN { printf "%.4f", (240 + first) / (misses + first) }')
		assert_equal "$policy $(value ${policy}_factor) $(value ${policy}_low) $(value ${policy}_high)" "$policy $expected $expected $expected"
	done
	# without a miss, memory was not full
	sed -i.was 's/major=60/major=0/' $made.work
	bounded "$made"
	assert_equal "$(value misses) $(value lru_factor) $(value opt_factor) $(value ws_low)" "0 nan nan nan"
	mv $made.work.was $made.work
	# fewer pages in half of the samples: with them the policies would have missed more, so the factor is less
	sed -i '6,7s/100$/60/' $made.resident.tsv
	bounded "$made"
	assert_equal "$(value resident) $(value resident_low) $(value resident_high)" "80.0 60.0 100.0"
	assert_equal "$(awk -v low="$(value lru_low)" -v mean="$(value lru_factor)" -v high="$(value lru_high)" 'BEGIN { print (low < mean), (mean < high) }')" "1 1"
}

@test "a run that does not tell its misses has no bounds" {
	refused() {
		run -1 "$ORACLE" bounds "$made"
		assert_line "oracle: $1"
	}
	made_run R 1 4096 3 100 8 60 100
	cp $made.work whole
	cat whole whole > $made.work
	refused "$made.work: not the reports of one work -v"
	sed /iteration=/d whole > $made.work
	refused "$made.work: not the reports of one work -v"
	{ echo 'another program'; cat whole; } > $made.work
	refused "$made.work: not the reports of one work -v"
	sed 's/seed=3/seed=4/' whole > $made.work
	refused "$made.work: the accesses of its seed touch another number of pages"
	sed '/iteration=7/s/minor=[0-9]*/minor=0/' whole > $made.work
	refused "$made.work: fewer minor faults than first touches"
	cp whole $made.work
	sed -i '/^7/d' $made.resident.tsv
	refused "$made.resident.tsv: nothing in iteration 7 of process 7"
	rm $made.resident.tsv
	refused "$made.resident.tsv: No such file or directory"
}

@test "iterations that do not go on, or not to the report, are refused" {
	resident 5000000000 64
	fixture R | sed '2s/touches=5/touches=2/' > run.work
	run -1 "$ORACLE" misses run
	assert_line --partial "oracle: run.work:2: expected an iteration that goes on, found"
	fixture R | sed '2s/touches=5/touches=4/' > run.work
	run -1 "$ORACLE" misses run
	assert_line "oracle: run.work: 4 touches in the iterations, but 5 in the report"
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

# Eight batches: 99.9% of the means are within 5.4 errors.
@test "uniform accesses miss within the error of 1 - M/W, from M/W of 0.3 to 0.94" {
	run -0 awk '$1 == "R" { n++; if ($18 > 5.4 || $18 < -5.4) print
			if (n == 1 || $7 > most) most = $7; if (n == 1 || $7 < least) least = $7 }
		END { print n, (least <= 0.3), (most >= 0.94) }' <<< "$(of_theory misses)"
	assert_output "9 1 1"
}

@test "accesses with locality miss more than OPT, and with few pages less than random replacement" {
	run -0 awk '$1 == "L" { n++; if ($43 < 5.4 || $4 < 1000 && $38 > -5.4) print }
		END { print n }' <<< "$(of_theory misses)"
	assert_output 6
}

@test "what is no report or table is refused with its line" {
	resident 5000000000 64
	fixture R | sed '2d; s/touches=5/touches=2/' > run.work
	run -1 "$ORACLE" misses run
	assert_line "oracle: run.work: one iteration has no second half"
	fixture R | sed 1d > run.work
	run -1 "$ORACLE" touches run
	assert_output --partial "oracle: run.work:1: expected an iteration or a report of work, found"
	fixture L > run.work
	run -1 "$ORACLE" touches run
	assert_output "oracle: run.work: the accesses are not uniform: mode L"
	resident 1 64
	run -1 "$ORACLE" misses run
	assert_line "oracle: run.resident.tsv: nothing in iteration 2 of process 7"
	resident 5000000000 x
	run -1 "$ORACLE" misses run
	assert_line 'oracle: run.resident.tsv:2: expected a time and a number of pages, found "5000000000?x"'
	sed -i 1d run.resident.tsv
	run -1 "$ORACLE" misses run
	assert_line 'oracle: run.resident.tsv:1: expected the header row of resident pages, found "5000000000?x"'
	run -2 "$ORACLE" guess
	assert_line "oracle: unknown command, or not its arguments"
}
