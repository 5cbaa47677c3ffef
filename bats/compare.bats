#!/usr/bin/env bats
# compare: configurations of memory management beside each other
#
# Expected numbers are computed by hand, or by awk from the enumeration of all orderings. The runs
# are those of the fixtures that reduce.bats explains, as one process, with another value in a counter.
# shellcheck disable=SC2154 # bats sets stderr
load helpers
load tables

setup_file() {
	build_tables
	export COMPARE=$TABLES/compare
}

setup() {
	fixtures=$BATS_TEST_DIRNAME/fixtures
	cd "$BATS_TEST_TMPDIR" || return
	mkdir template
	# those that the other tests have no part in
	grep -E '^(counter|time_s|pswpin|pswpout|pgfault|pgmajfault|majors|swap_[a-z_]*)	' "$fixtures/three.counters.tsv" > counters.tsv
	cp "$fixtures/four.data" template/x.data
	head -n 1 "$fixtures/three.work" | sed 's/ minor=.*/ minor=200 major=44 minor_max=202 major_max=46/' > template/x.work
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
		process label pid parent command report minor major all_major cpu_s peak_rss_kb begin_s elapsed_s \
		1 work 41 0 work 1 201 45 45 0.0505 9100 1.0 0.21 > template/x.processes.tsv
	printf '%s\t%s\n' setting value memory.managed_kb 102400 > template/settings.tsv
	printf '%s\t%s\n' hz 100 command "./profile case3" > template/meta.tsv
	anew
}

# anew - without the runs so far
anew() {
	rm -rf results
	runs=()
}

# one_run LABEL SEED - with the counters of its input; sets path
one_run() {
	path=results/sim-6.1-1024-disk-$2+$1/case3/x
	mkdir -p "${path%/*/*}"
	cp -rs "$PWD/template" "${path%/*}"
	cat > "$path.counters.tsv"
	runs+=("$1=$path")
}

# configuration LABEL COUNTER VALUE... - a run for each value, by which the counter grows; seeds count from 1
configuration() {
	local seed=0 value others
	others=$(sed "/^$2\t/d" "$BATS_TEST_TMPDIR/counters.tsv")
	for value in "${@:3}"; do
		seed=$((seed + 1))
		one_run "$1" $seed <<< "$others"$'\n'"$2"$'\t'"0"$'\t'"$value"
	done
}

# fails STATUS MESSAGE ARGUMENT... - compare prints no table, and says just that
fails() {
	run -"$1" --separate-stderr "$COMPARE" "${@:3}"
	assert_equal "$output" ""
	assert_equal "${stderr_lines[0]}" "compare: $2"
}

# columns FIGURE COLUMN... - of the figure's rows in the output, by their names
columns() {
	awk -F '\t' -v figure="$1" -v names="${*:2}" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(names, name, " "); next }
		$1 == figure { for (i = 1; i <= n; i++) printf "%s%s", $at[name[i]], i < n ? " " : "\n" }' <<< "$output"
}

# says A B ARGUMENT... -- EXPECTED - of pages swapped out in two configurations: ratio, low, high, coverage, verdict and needed
says() {
	anew
	# shellcheck disable=SC2086 # words
	configuration a pswpout $1
	# shellcheck disable=SC2086 # words
	configuration b pswpout $2
	run -0 "$COMPARE" "${runs[@]}"
	assert_equal "$1, $2: $(columns swap_outs ratio low high coverage verdict needed)" "$1, $2: $3"
}

# by_enumeration A B [K COVERAGE] - ratio, low, high and coverage, if no ratio is there twice. Of all
# orderings of a and b, how often has each U? K is the largest that has U < K in no more than 2.5%.
by_enumeration() {
	awk -v a="$1" -v b="$2" -v k="${3-}" -v coverage="${4-}" 'BEGIN {
		n = split(a, as, " ")
		m = split(b, bs, " ")
		for (i = 1; i <= n; i++)
			for (j = 1; j <= m; j++) {
				ratio = bs[j] / as[i]
				for (at = nr++; at > 0 && all[at] > ratio; at--) all[at + 1] = all[at]
				all[at + 1] = ratio
			}
		if (!k) {
			for (mask = 0; mask < 2 ^ (n + m); mask++) {
				ones = zeros = u = 0
				rest = mask
				for (i = 0; i < n + m; i++) {
					bit = rest % 2
					rest = (rest - bit) / 2
					if (bit) { ones++; u += zeros } else zeros++
				}
				if (ones == n) { count[u]++; orderings++ }
			}
			for (k = 1; (below + count[k - 1] + count[k]) / orderings <= 0.025; k++) below += count[k - 1]
			coverage = sprintf("%.2f", 100 * (1 - 2 * (below + count[k - 1]) / orderings))
		}
		low = all[int((nr + 1) / 2)]
		high = all[int((nr + 2) / 2)]
		printf "%.6g %.6g %.6g %s\n", exp((log(low) + log(high)) / 2), all[k], all[nr + 1 - k], coverage
	}'
}

# Logarithms to base 2: of b 4 to 7, of a 0 to 3. So the differences are 1 to 7, and their median is 4.
# Of the 8! / 4! 4! = 70 orderings, one has all of a below all of b, and one above: 1 - 2/70.
@test "the ratio is the median of all, between the smallest and the largest of four seeds" {
	says "1 2 4 8" "16 32 64 128" "16 2 128 97.14 worse 0"
	says "16 32 64 128" "1 2 4 8" "0.0625 0.0078125 0.5 97.14 better 0"
	assert_equal "$(columns swap_outs title unit sign a n_a median_a min_a max_a b n_b median_b min_b max_b placebo_low placebo_high)" \
		"Swap Outs pages less a 4 48 16 128 b 4 3 1 8 nan nan"
	# of an even number, the middle of the two in the middle, on logarithms
	says "1" "2 8" "4 2 8 33.33 no difference seen 4"
	assert_equal "$(columns swap_outs median_a median_b)" "1 5"
	says "2" "1 4" "1 0.5 2 33.33 no difference seen 4"
	says "2" "3 4" "1.73205 1.5 2 33.33 no difference seen 4"
	assert_equal "$(columns swap_outs median_a median_b)" "2 3.5"
}

# Primes: no two ratios are the same.
@test "interval and coverage are those of the enumeration of all orderings" {
	primes=(101 227 137 109 211 113 193 107 179 127 103 181 167 149)
	for sizes in "2 3" "3 3" "3 4" "4 4" "3 5" "2 8" "5 5" "6 4" "5 7" "6 6" "7 7"; do
		read -r n m <<< "$sizes"
		a=${primes[*]:0:n} b=${primes[*]:n:m}
		expected=$(by_enumeration "$a" "$b")
		anew
		# shellcheck disable=SC2086 # words
		configuration a pswpout $a
		# shellcheck disable=SC2086 # words
		configuration b pswpout $b
		run -0 "$COMPARE" "${runs[@]}"
		assert_equal "$sizes: $(columns swap_outs ratio low high coverage)" "$sizes: $expected"
		case $sizes in
		"3 3") assert_equal "${expected##* }" 90.00 ;;
		"4 4") assert_equal "${expected##* }" 97.14 ;;
		"5 5") assert_equal "${expected##* }" 96.83 ;;	# k = 3
		"7 7") assert_equal "${expected##* }" 96.21 ;;	# k = 9
		esac
	done
}

# Nine runs, whichever three of them are a: that both have one distribution means no more. Of the
# 9! / 3! 6! = 84 orderings, those of the smallest two U and of the largest two miss 1: 1 - 4/84.
@test "of all orderings, the interval has 1 in it as often as its coverage says" {
	all=0 covered=0
	configuration x pswpout 10 11 12 13 14 15 16 17 18
	for ((mask = 0; mask < 1 << 9; mask++)); do
		ones=() zeros=()
		for ((i = 0; i < 9; i++)); do
			if ((mask >> i & 1)); then ones+=("a${runs[i]#x}"); else zeros+=("b${runs[i]#x}"); fi
		done
		[ ${#ones[@]} = 3 ] || continue
		output=$("$COMPARE" "${ones[@]}" "${zeros[@]}")
		all=$((all + 1))
		covered=$((covered + $(columns swap_outs low high | awk '{ print ($1 <= 1 && $2 >= 1) }')))
	done
	assert_equal "$covered of $all" "80 of 84"
	assert_equal "$(columns swap_outs coverage)" 95.24
}

# Counted in whole numbers, of the subsets of 1 to 100 that have 50 members by their sums: k = 966.
@test "fifty seeds of each are compared exactly" {
	a=$(seq 1009 17 1858) b=$(seq 1103 19 2034)
	expected=$(by_enumeration "$a" "$b" 966 95.05)
	# shellcheck disable=SC2086 # words
	configuration a pswpout $a
	# shellcheck disable=SC2086 # words
	configuration b pswpout $b
	run -0 "$COMPARE" "${runs[@]}"
	assert_equal "$(columns swap_outs n_a n_b ratio low high coverage)" "50 50 $expected"
}

# 1 and 39 values have 40 orderings, of which one is all on this side, and one on that.
@test "a coverage of just 95% is enough" {
	says 10 "$(seq -s ' ' 11 49)" "3 1.1 4.9 95.00 worse 0"
	says 10 "$(seq -s ' ' 11 48)" "2.94958 1.1 4.8 94.87 no difference seen 4"
}

# Of five and five, the third ratio. 1 belongs to the interval.
@test "values that are the same make the interval no narrower" {
	says "5 5 5 5" "5 5 5 5" "1 1 1 97.14 no difference seen -"
	says "5 5 5 5" "10 10 10 10" "2 2 2 97.14 worse 0"
	# smallest are 5/5, 6/5 and 5/4; then 4/5, 4/4 and 5/5
	says "1 2 3 4 5" "5 6 7 8 9" "2.33333 1.25 7 96.83 worse 0"
	says "1 2 3 4 5" "4 5 6 7 8" "2 1 6 96.83 no difference seen 9"
}

@test "a ratio to nothing is infinite, and of nothing to nothing it is 1" {
	says "0 0 0 0" "0 0 0 0" "1 1 1 97.14 no difference seen -"
	says "0 0 0 0" "1 2 3 4" "inf inf inf 97.14 worse 0"
	says "1 2 3 4" "0 0 0 0" "0 0 0 97.14 better 0"
	# 0 twice, 1 twice, 2 six times, inf six times
	says "0 0 5 5" "0 10 10 10" "2 0 inf 97.14 no difference seen -"
	# 0 four times, 1 four times, 2 four times, inf four times
	says "0 0 5 5" "0 0 10 10" "1.41421 0 inf 97.14 no difference seen -"
	# as many are 0 as 1
	says "0 5 5 5" "0 0 0 0" "0 0 1 97.14 no difference seen -"
	says "0 0" "0 7" "inf 1 inf 66.67 no difference seen 4"
}

@test "too few seeds say nothing, however large the ratio is, but how many it takes" {
	says 1 1000 "1000 1000 1000 0.00 no difference seen 4"
	says "1 1" "1000 1000" "1000 1000 1000 66.67 no difference seen 4"
	says "1 1 1" "1000 1000 1000" "1000 1000 1000 90.00 no difference seen 4"
	says "1 1 1" "1000 1000 1000 1000" "1000 1000 1000 94.29 no difference seen 4"
	says "1 1 1" "1000 1000 1000 1000 1000" "1000 1000 1000 96.43 worse 0"
}

# Logarithms to base 2: -1 to 4, half of it is 2.5; from 2 to 0, the way is 2. 4 (2.5/2)^2 = 6.25.
# Of 3 and 5, the harmonic mean is 3.75, and 3.75 (2.5/2)^2 = 5.86.
@test "what is needed follows from the width and the ratio" {
	says "4 4 4 4" "2 16 16 64" "4 0.5 16 97.14 no difference seen 7"
	says "16 16 16 16" "32 4 4 1" "0.25 0.0625 2 97.14 no difference seen 7"
	says "4 4 4" "2 16 16 16 64" "4 0.5 16 96.43 no difference seen 6"
	# 4 (ln 4 / 2 / ln 4)^2 = 1, but four were not enough
	says "4 4 4 4" "4 16 16 16" "4 1 4 97.14 no difference seen 5"
	# 4 (ln 4 / 2 / ln 1.1)^2 = 211.6; with ln 1.01 as the way, 19409
	says "100 100 100 100" "50 110 110 200" "1.1 0.5 2 97.14 no difference seen 212"
	says "100 100 100 100" "50 101 101 200" "1.01 0.5 2 97.14 no difference seen -"
	# the median is on the other side of no difference, or nowhere
	says "100 100 100 100" "50 100 100 200" "1 0.5 2 97.14 no difference seen -"
}

@test "a difference is seen only beyond what the placebo does" {
	configuration a pswpout 100 101 102 103
	configuration placebo pswpout 104 105 106 107
	configuration inside pswpout 106 107 108 109
	configuration beyond pswpout 111 112 113 114
	configuration below pswpout 95 96 97 98
	run -0 "$COMPARE" "${runs[@]}"
	assert_equal "$(columns swap_outs b placebo_low placebo_high verdict needed)" "placebo nan nan worse 0
inside nan nan worse 0
beyond nan nan worse 0
below nan nan better 0"
	# 104/103 and 107/100; 106/103 = 1.029, 111/103 = 1.078; 1 is a part of what chance does
	run -0 "$COMPARE" -p "${runs[@]}"
	assert_equal "$(columns swap_outs a b low high placebo_low placebo_high verdict needed)" \
"a inside 1.02913 1.09 1.00971 1.07 no difference seen -
a beyond 1.07767 1.14 1.00971 1.07 worse 0
a below 0.92233 0.98 1.00971 1.07 better 0"
	# the placebo is never a
	run -0 "$COMPARE" -p "${runs[@]:4:4}" "${runs[@]:0:4}" "${runs[@]:8:4}"
	assert_equal "$(columns swap_outs a b placebo_low)" "a inside 1.00971"
}

# Of 4 and 6, it is the third ratio of 24, and the third last. Here 104/103, 105/103 and 104/102 are the
# smallest, and 109/101, 108/100 and 109/100 the largest.
@test "chance has 1 in it, and the placebo as many seeds as it has" {
	configuration a pswpout 1000 1000 1000 1000
	configuration placebo pswpout 1040 1050 1060 1070
	configuration b pswpout 1010 1020 1025 1030
	run -0 "$COMPARE" -p "${runs[@]}"
	assert_equal "$(columns swap_outs high placebo_low verdict)" "1.03 1.04 no difference seen"
	anew
	configuration a pswpout 1000 1000 1000 1000
	configuration placebo pswpout 930 940 950 960
	configuration b pswpout 970 975 980 990
	run -0 "$COMPARE" -p "${runs[@]}"
	assert_equal "$(columns swap_outs low placebo_high verdict)" "0.97 0.96 no difference seen"
	anew
	configuration a pswpout 100 101 102 103
	configuration placebo pswpout 104 105 106 107 108 109
	configuration b pswpout 105 106 107 108
	run -0 "$COMPARE" -p "${runs[@]}"
	assert_equal "$(columns swap_outs placebo_low placebo_high)" "1.01961 1.07921"
}

# With the placebo from 1 to 1.5, the way from 4 is ln(4/1.5) = 0.981; half the width is ln(32)/2 =
# 1.733; 4 (1.733 / 0.981)^2 = 12.5.
@test "the placebo's interval has ends that belong to it, and is farther away" {
	configuration a pswpout 100 100 100 100
	configuration placebo pswpout 100 100 100 150
	configuration b pswpout 150 200 200 200
	configuration c pswpout 151 200 200 200
	configuration d pswpout 50 400 400 1600
	configuration e pswpout 50 140 140 200
	run -0 "$COMPARE" -p "${runs[@]}"
	assert_equal "$(columns swap_outs b low placebo_low placebo_high verdict needed)" "b 1.5 1 1.5 no difference seen 5
c 1.51 1 1.5 worse 0
d 0.5 1 1.5 no difference seen 13
e 0.5 1 1.5 no difference seen -"
	anew
	configuration a pswpout 100 100 100 100
	configuration placebo pswpout 50 100 100 100
	configuration b pswpout 20 40 40 50
	configuration c pswpout 20 40 40 49
	configuration d pswpout 101 101 101 101
	run -0 "$COMPARE" -p "${runs[@]}"
	assert_equal "$(columns swap_outs b placebo_low placebo_high verdict)" "b 0.5 1 no difference seen
c 0.5 1 better
d 0.5 1 worse"
}

@test "the verdict goes by what is better of a figure" {
	configuration a pgscan_kswapd 10 11 12 13
	configuration b pgscan_kswapd 20 21 22 23
	run -0 "$COMPARE" "${runs[@]}"
	assert_equal "$(columns kswapd_scanned sign verdict)" "- more"
	run -0 "$COMPARE" "${runs[@]:4}" "${runs[@]:0:4}"
	assert_equal "$(columns kswapd_scanned sign verdict)" "- less"
	anew
	configuration a swap_write_sectors 800 808 816 824
	configuration b swap_write_sectors 1600 1608 1616 1624
	run -0 "$COMPARE" "${runs[@]}"
	assert_equal "$(columns pages_per_write sign median_a min_b max_b verdict)" "more 10.150 20.000 20.300 better"
	run -0 "$COMPARE" "${runs[@]:4}" "${runs[@]:0:4}"
	assert_equal "$(columns pages_per_write sign verdict)" "more worse"
}

# The counters span 0.5 s. 400 touches in 0.21 s are 1904.76 a second, and in 0.1 s awake 4000; 584 sectors of 512 bytes in 10
# requests; 30 of 120 pages reclaimed by kswapd, 5 of 40 by others. See tabulate.bats for what is left.
@test "each figure has its title, unit and sign" {
	for label in a b; do
		{
			cat "$BATS_TEST_TMPDIR/counters.tsv"
			printf '%s\t1\t%s\n' workingset_refault_anon 12 workingset_refault_file 13 pgscan_kswapd 121 pgsteal_kswapd 31 \
				pgscan_direct 41 pgsteal_direct 6 allocstall_dma32 3 allocstall_normal 2 allocstall_movable 5 \
				cpu_user_s 1.25 cpu_nice_s 1.11 cpu_system_s 1.4 kswapd_s 1.05 psi_memory_some_us 200001 \
				psi_memory_full_us 100001 psi_io_some_us 300001 psi_io_full_us 250001
		} > counters
		one_run $label 1 < counters
	done
	run -0 --separate-stderr "$COMPARE" "${runs[@]}"
	assert_equal "$stderr" ""
	assert_equal "$(cut -f 1-4,7 <<< "$output" | tr '\t' '|')" "$(cat << 'TABLE'
figure|title|unit|sign|median_a
completion|Completion, median|s|less|0.200
last_completion|Completion, last|s|less|0.200
throughput|Throughput|touches/s|more|1904.762
awake_throughput|Throughput, awake|touches/s|more|4000.000
minor|Minor Faults|faults|-|201
major|Major Faults|faults|less|45
refaults_anon|Refaults, anonymous|pages|less|11
refaults_file|Refaults, file|pages|less|12
swap_ins|Swap Ins|pages|less|60
swap_outs|Swap Outs|pages|less|80
direct_scanned|Direct pages scanned|pages|less|40
kswapd_scanned|Kswapd pages scanned|pages|-|120
kswapd_reclaimed|Kswapd pages reclaimed|pages|-|30
direct_reclaimed|Direct pages reclaimed|pages|less|5
kswapd_efficiency|Kswapd efficiency|%|more|25.00
direct_efficiency|Direct efficiency|%|more|12.50
stalls|Allocation stalls|stalls|less|7
memory_some|PSI memory, some|%|less|40.00
memory_full|PSI memory, full|%|less|20.00
io_some|PSI io, some|%|less|60.00
io_full|PSI io, full|%|less|50.00
device_busy|Swap device busy|%|-|70.00
pages_per_write|Pages per write request|pages|more|7.300
cpu|CPU of the processes|%|more|47.62
cpu_user|CPU, user|s|less|0.36
cpu_system|CPU, system|s|less|0.40
kswapd_cpu|Kswapd CPU|%|less|10.00
managed|Memory managed|MB|-|100.00
resident|Resident set|pages|-|nan
to_opt|Misses to OPT|ratio|less|nan
to_lru|Misses to LRU|ratio|less|nan
TABLE
	)"
	assert_equal "${lines[0]}" "$(tr ' ' '\t' <<< 'figure title unit sign a n_a median_a min_a max_a b n_b median_b min_b max_b ratio low high coverage placebo_low placebo_high verdict needed')"
	# each row has as many columns
	assert_equal "$(awk -F '\t' '{ print NF }' <<< "$output" | sort -u)" 22
}

@test "what a run does not tell is compared with nothing" {
	configuration a pgscan_direct 1 2 3 4
	configuration b pgscan_direct 1 2 3 4
	configuration placebo pgscan_direct 1 2 3 4
	unknown="no difference seen -"
	run -0 "$COMPARE" -p "${runs[@]}"
	assert_equal "$(columns direct_scanned verdict needed)" "$unknown"
	assert_equal "$(columns stalls n_a median_a min_b ratio low high coverage placebo_high verdict needed)" "4 nan nan nan nan nan nan nan - -"
	# no page of the one that was scanned is known to be reclaimed
	assert_equal "$(columns direct_efficiency median_a verdict)" "nan -"
	for which in 1 5 9; do
		sed -i.was /pgscan_direct/d "${runs[which]#*=}.counters.tsv"
		run -0 "$COMPARE" -p "${runs[@]}"
		case $which in
		1) expected="nan nan nan 1 2.5 4 nan nan nan nan nan - -" ;;
		5) expected="1 2.5 4 nan nan nan nan nan nan nan 0.25 - -" ;;
		9) expected="1 2.5 4 1 2.5 4 1 0.25 4 97.14 nan - -" ;;
		esac
		assert_equal "$(columns direct_scanned min_a median_a max_a min_b median_b max_b ratio low high coverage placebo_low verdict needed)" "$expected"
		mv "${runs[which]#*=}.counters.tsv.was" "${runs[which]#*=}.counters.tsv"
	done
	refute_output --partial -nan
}

# bounded_run LABEL SEED PAGES MISSES - a run that tells its misses: of four iterations of 100 accesses to 256
# pages, with so many resident ones, and so many misses in each
bounded_run() {
	one_run "$1" "$2" < "$BATS_TEST_TMPDIR/counters.tsv"
	rm "$path.work"
	made_up "$path" 41 R 1 4096 "$2" 100 4 "$4" "$3" 200 44
}

# The second half are the accesses from 201 on. With F first touches among them, and L misses of LRU with as many
# frames as there are resident pages, the kernel has 2 MISSES + F of L + F; for L, count how many other pages there were
# since the page was accessed. OPT with 200 frames misses nothing of so few accesses.
@test "misses are compared with those of OPT and LRU in as many frames, of runs that tell them" {
	for seed in 1 2 3 4; do
		bounded_run a $seed 60 30
		bounded_run b $seed 200 40
	done
	run -0 "$COMPARE" "${runs[@]}"
	for label in "a 60 30" "b 200 40"; do
		read -r label pages misses <<< "$label"
		for seed in 1 2 3 4; do
			awk -v pages="$pages" -v misses="$misses" '
				{ string[NR] = $1 }
				NR > 200 {
					split("", others)
					n = 0
					for (i = NR - 1; i > 0 && string[i] != $1; i--) if (!(string[i] in others)) { others[string[i]]; n++ }
					first += i == 0
					lru += i > 0 && n >= pages
				}
				END { printf "%.3f %.3f\n", (2 * misses + first) / (lru + first), (2 * misses + first) / first }' \
				"results/sim-6.1-1024-disk-$seed+$label/case3/x.string"
		done > "expected.$label"
	done
	# ends LABEL COLUMN - the least and the most
	ends() { cut -d ' ' -f "$2" "expected.$1" | sort -n | sed -n '1p; $p' | paste -sd ' '; }
	assert_equal "$(columns resident sign median_a min_b verdict)" "- 60.0 200.0 more"
	assert_equal "$(columns to_lru min_a max_a min_b max_b)" "$(ends a 1) $(ends b 1)"
	assert_equal "$(columns to_opt min_b max_b)" "$(ends b 2)"
	# one run that does not tell, and there is nothing to compare: without resident pages, or with work's report alone
	rm results/sim-6.1-1024-disk-2+b/case3/x.resident.tsv
	run -0 --separate-stderr "$COMPARE" "${runs[@]}"
	assert_equal "$stderr" ""
	assert_equal "$(columns resident median_a median_b ratio verdict needed)" "60.0 nan nan - -"
	assert_equal "$(columns to_lru median_b verdict)" "nan -"
	sed -i /iteration=/d results/sim-6.1-1024-disk-1+a/case3/x.work
	run -0 "$COMPARE" "${runs[@]}"
	assert_equal "$(columns to_opt median_a median_b)" "nan nan"
	# what is malformed is an error
	echo x >> results/sim-6.1-1024-disk-3+a/case3/x.resident.tsv
	fails 1 'results/sim-6.1-1024-disk-3+a/case3/x.resident.tsv:6: expected a time and a number of pages, found "x"' "${runs[@]}"
}

@test "configurations come in the order in which they were first named" {
	configuration z pswpout 3 4
	configuration b pswpout 5 6
	configuration a-1.0 pswpout 7 8 9
	configuration placebo pswpout 1
	run -0 "$COMPARE" "${runs[0]}" "${runs[2]}" "${runs[4]}" "${runs[1]}" "${runs[7]}" "${runs[3]}" "${runs[5]}" "${runs[6]}"
	assert_equal "$(columns swap_outs a n_a median_a b n_b median_b)" "z 2 3.5 b 2 5.5
z 2 3.5 a-1.0 3 8
z 2 3.5 placebo 1 1"
	# the header row, and all figures of the one, then of the other
	assert_equal "$(cut -f 10 <<< "$output" | uniq -c | tr -s ' ' | paste -sd,)" " 32 b, 31 a-1.0, 31 placebo"
}

@test "runs of a label are of one configuration, with other seeds" {
	configuration a pswpout 1 2
	configuration b pswpout 1 2
	a=${runs[0]#*=} b=${runs[2]#*=}
	fails 1 "$a and $a: two runs of a with seed 1" "${runs[@]}" "a=$a"
	fails 1 "$b and $b: two runs of b with seed 1" "a=$a" "b=$b" "b=$b"
	fails 1 "$a and $b: runs of a that differ in more than their seed" "a=$a" "a=$b" "b=$b"
	# that it is the same run under another name does not help, nor another place
	mkdir elsewhere
	cp -r results elsewhere
	fails 1 "$a and elsewhere/$a: two runs of a with seed 1" "${runs[@]}" "a=elsewhere/$a"
	for ending in data work processes.tsv counters.tsv; do cp "$a.$ending" "${a%x}y.$ending"; done
	fails 1 "$a and ${a%x}y: runs of a that differ in more than their seed" "a=$a" "a=${a%x}y" "b=$b"
	# two labels of one configuration are two samples
	run -0 "$COMPARE" "a=$a" "b=$a"
}

# The digests are those of the files of a run.
@test "runs that are the same with each seed are one run, of which nothing can be seen" {
	digests() { for run in "${runs[@]:$1:$2}"; do sed -i "\$ a digest.x.data\t$3" "$(dirname "${run#*=}")/meta.tsv"; done; }
	anew
	rm template/meta.tsv
	printf '%s\t%s\n' hz 100 command "./profile case3" > meta
	for label in a b c; do
		configuration $label pswpout "$([ $label = a ] && echo 10 || echo 30)" 30 30 30
	done
	for run in "${runs[@]}"; do cp meta "$(dirname "${run#*=}")/meta.tsv"; done
	for i in 0 1 2 3; do digests $i 1 a$i; done
	for i in 8 9 10 11; do digests $i 1 $((i / 2)); done
	digests 4 4 b
	run -0 --separate-stderr "$COMPARE" "${runs[@]}"
	assert_equal "$stderr" "compare: b: 3 of 4 runs are the same as others: does the case use its seed?
compare: c: 2 of 4 runs are the same as others: does the case use its seed?"
	assert_equal "$(columns swap_outs b n_a n_b coverage verdict needed)" "b 4 1 60.00 one run -
c 4 2 86.67 no difference seen 4"
	# one run of each has no other seeds to be the same with
	run -0 --separate-stderr "$COMPARE" "${runs[0]}" "${runs[4]}"
	assert_equal "$stderr" ""
	assert_equal "$(columns swap_outs verdict)" "no difference seen"
}

@test "a run without its settings is refused" {
	configuration a pswpout 1
	configuration b pswpout 1
	settings=${runs[1]#*=} settings=${settings%/x}/settings.tsv
	rm "$settings"
	fails 1 "$settings: No such file or directory" "${runs[@]}"
	printf 'setting\tvalue\n' > "$settings"
	fails 1 "$settings: no row memory.managed_kb" "${runs[@]}"
}

@test "files of a run that do not agree are refused" {
	configuration a pswpout 1
	configuration b pswpout 1
	sed -i '/^majors/s/98/94/' "${runs[1]#*=}.counters.tsv"
	fails 1 "${runs[1]#*=}.counters.tsv: all processes had 44 major faults, but the samples have 45" "${runs[@]}"
	rm "${runs[1]#*=}.counters.tsv"
	fails 1 "${runs[1]#*=}.counters.tsv: No such file or directory" "${runs[@]}"
}

@test "arguments that make no sense are usage errors" {
	fails 2 'no run'
	fails 2 'no run' -p
	assert_equal "${stderr_lines[1]}" 'usage: compare [-p] LABEL=RUN...'
	fails 2 'x: expected LABEL=RUN' x
	for label in '' 'a b' a_b a/b $'a\tb' ä; do
		fails 2 "$label: a label has letters, digits, . and - only" a=x "$label=x"
	done
	fails 2 'nothing to compare a with' a=x a=y
	fails 2 'nothing to compare a with' -p a=x placebo=y
	fails 2 'nothing to compare a with' -p placebo=y a=x
	fails 2 'nothing to compare placebo with' -p placebo=y
	fails 2 'nothing to compare placebo with' placebo=y
	fails 2 '-p: no run of placebo' -p a=x b=y
	# shellcheck disable=SC2046 # words
	fails 2 'b: more than 200 runs' a=x $(seq -f 'b=%g' 201)
	run -2 "$COMPARE" -x
	run -0 --separate-stderr "$COMPARE" -h
	assert_line -n 0 'usage: compare [-p] LABEL=RUN...'
	assert_equal "$stderr" ""
}

@test "output that cannot be written is an error" {
	configuration a pswpout 1
	configuration b pswpout 1
	for arguments in "${runs[*]}" -h; do
		run -1 sh -c "'$COMPARE' $arguments > /dev/full"
		assert_output 'compare: standard output: No space left on device'
	done
}

# tree - a copy of what experiments/compare needs, and results of case3-5: of four seeds without a knob, with
# boot:quiet, which is the placebo, and with vm.swappiness=10, which doubles the pages swapped out
tree() {
	mkdir -p tree/build tree/plots tree/results
	cp -r "$ROOT/experiments" tree
	cp "$ROOT"/plots/*.gp "$ROOT/plots/draw" tree/plots
	cp "$COMPARE" tree/build
	cd tree || return
	local knob seed row
	for seed in 1 2 3 4; do
		for knob in '' +boot:quiet +vm.swappiness@10; do
			row=results/sim-6.1-1024-disk-$seed$knob/case3-5
			mkdir -p "$row"
			for file in x.data x.work x.processes.tsv settings.tsv; do cp ../template/$file "$row"; done
			printf '%s\t%s\n' kernel 6.1.0-50 hz 100 seed "$seed" initramfs_sha256 "$seed" \
				knobs "$(sed 's/^+//; s/@/=/; s/^$/-/' <<< "$knob")" command "./profile case3 5" seconds 9 > "$row/meta.tsv"
			{
				sed '/^pswpout\t/d' "$BATS_TEST_TMPDIR/counters.tsv"
				case $knob in
				*swappiness*) printf 'pswpout\t0\t%s\n' $((200 + seed)) ;;
				*) printf 'pswpout\t0\t%s\n' $((100 + seed)) ;;
				esac
			} > "$row/x.counters.tsv"
		done
	done
}

# compared OPTION... - A without a knob, and B with one, by the script
compared() {
	SWAP=disk N=5 SEED=1..4 experiments/compare "$@" A "" B "vm.swappiness=10" -- case3
}

@test "experiments/compare names the inputs that differ, and leaves a table as TSV, JSON, Markdown and figure" {
	tree
	run -0 compared
	assert_line --index 1 "In these inputs they differ: knobs: - | vm.swappiness=10."
	# of 16 ratios between 201 / 104 and 204 / 101, the middle ones are of about 202.5 / 102.5
	assert_line --regexp '^\| Swap Outs \(pages\) \| 102.5 \| 101 to 104 \| 202.5 \| 201 to 204 \| 1.97[0-9] \| 1.933 to 2.020 \| 0.971 to 1.030 \| worse \|$'
	assert_line --regexp '^\| Major Faults .* no difference seen'
	assert_line --partial ' To repeat it: `make compare A="" B="vm.swappiness=10" CASES=case3 SWAP="disk" N="5" SEED="1..4"`'
	name='results/compare/case3-5/sim-6.1-1024-disk-1..4_vs_sim-6.1-1024-disk-1..4+vm.swappiness@10'
	assert_equal "$(cat "$name.md")" "$output"
	assert_equal "$(jq -r '.[] | select(.figure == "swap_outs") | [.a, .b, .median_b, .verdict] | join(" ")' "$name.json")" 'A B 202.5 worse'
	grep -q 'Swap Outs' "plots/${name#results/}.compare.svg"
	assert_equal "$(find results/compare plots/compare -type f | wc -l)" 5
}

@test "without a placebo there is no band of chance" {
	tree
	rm -r results/*boot*
	run -0 --separate-stderr compared -n
	assert_equal "$stderr" ""
	assert_line --regexp '^\| Swap Outs .* \| nan to nan \| worse \|$'
	grep -q 'Swap Outs' plots/compare/case3-5/*.svg
	run ! grep chance plots/compare/case3-5/*.svg
}

# what is below the line "seconds" is what came out
@test "each run of a comparison is named by the digests of what went in, and of what came out" {
	tree
	for meta in results/*/case3-5/meta.tsv; do printf 'digest.x.data\t%s\n' "$meta" >> "$meta"; done
	run -0 compared
	table=$(echo results/compare/case3-5/*.runs.tsv)
	assert_equal "$(head -n 1 "$table")" "$(printf '%s\t' configuration row inputs_sha256)outcome_sha256"
	assert_equal "$(sed 1d "$table" | cut -f 1,2 | tr '\t' ' ')" "$(for seed in 1 2 3 4; do echo "A sim-6.1-1024-disk-$seed/case3-5"; done
		for seed in 1 2 3 4; do echo "B sim-6.1-1024-disk-$seed+vm.swappiness@10/case3-5"; done
		for seed in 1 2 3 4; do echo "placebo sim-6.1-1024-disk-$seed+boot:quiet/case3-5"; done)"
	IFS=$'\t' read -r _ row inputs outcome <<< "$(sed -n 3p "$table")"
	assert_equal "$inputs" "$(head -n 6 "results/$row/meta.tsv" | sha256sum | cut -d ' ' -f 1)"
	assert_equal "$outcome" "$(tail -n 1 "results/$row/meta.tsv" | sha256sum | cut -d ' ' -f 1)"
}

@test "a list of configurations has a name for each" {
	tree
	printf '%s\n' '# a comment' '' 'as-it-is' '0.1-swap	 vm.swappiness=10  ' > experiments/configurations/mine
	lists() { SWAP=disk N=5 SEED=1..4 experiments/compare "${@:2}" -l "$1" -- case3; }
	run -0 lists mine
	assert_line --index 2 --regexp '^\| 0.1-swap against as-it-is '
	assert_line --partial ' To repeat it: `make compare OF=mine CASES=case3 SWAP="disk" N="5" SEED="1..4"`'
	name=results/compare/case3-5/mine_sim-6.1-1024-disk-1..4
	assert_equal "$(jq -r '.[] | select(.figure == "swap_outs") | [.a, .b, .verdict] | join(" ")' "$name.json")" 'as-it-is 0.1-swap worse'
	run -0 lists mine -t
	assert_output "$name.tsv"
	run -0 lists mine -r
	assert_line --index 4 'sim-6.1-1024-disk-1+vm.swappiness@10/case3-5'

	run -2 --separate-stderr lists ours
	assert_regex "$stderr" '^compare: there is no list ours \(there are: .*mine.*\) \(-h for help\)$'
	run -2 --separate-stderr lists ../cases/case3
	assert_equal "$stderr" 'compare: ../cases/case3 is no name of a list (-h for help)'
	echo 'as-it-is vm.swappiness=1' >> experiments/configurations/mine
	run -2 --separate-stderr lists mine
	assert_equal "$stderr" 'compare: as-it-is is there twice (-h for help)'
	run -2 --separate-stderr env SWAP=disk experiments/compare -l kernels A "" -- case3
	assert_equal "$stderr" 'compare: A: a list has all configurations (-h for help)'
}

@test "the configurations of each list are as rows wants them" {
	for list in "$ROOT"/experiments/configurations/*; do
		run -0 --separate-stderr "$ROOT/experiments/compare" -r -l "${list##*/}" case1
		assert_equal "$stderr" ""
		[ "${#lines[@]}" -ge 3 ]
	done
}

@test "a comparison that fails leaves the one before as it was" {
	tree
	run -0 compared
	before=$(cat results/compare/case3-5/* plots/compare/case3-5/* | sha256sum)
	echo 'printerr "no"' > plots/compare.gp
	run -1 --separate-stderr compared
	assert_equal "$stderr" 'draw: plots/compare.gp: no'
	assert_equal "$(cat results/compare/case3-5/* plots/compare/case3-5/* | sha256sum)" "$before"
	sed -i 's/^pgmajfault.*/x/' results/sim-6.1-1024-disk-3/case3-5/x.counters.tsv
	run -1 --separate-stderr compared
	assert_equal "$(cat results/compare/case3-5/* plots/compare/case3-5/* | sha256sum)" "$before"
}

@test "a condition fails the comparison if it holds for a difference that is seen" {
	tree
	run -3 compared -f 'swap_outs > 50%'
	assert_line --regexp "^compare: swap_outs > 50%: swap_outs of B is [+]97[.][0-9]%$"
	run -0 compared -f 'swap_outs > 120%'
	run -0 compared -f 'swap_outs < -5%'
	# without a difference there is none of less than 5%, either
	run -0 compared -f 'major < 5%'
	run -2 compared -f 'majors > 5%'
	assert_line --partial "no such figure: majors"
	for condition in major 'major >' 'major > 5' 'major >= 5%' '> 5%'; do
		run -2 --separate-stderr compared -f "$condition"
		assert_equal "$stderr" "compare: -f: not a condition as 'major > 5%': $condition (-h for help)"
	done
}

@test "a condition cannot be answered where each seed leaves the same run" {
	tree
	for meta in results/*/case3-5/meta.tsv; do
		case $meta in
		*+*) came=${meta#*+} ;;
		*) came=- ;;
		esac
		printf 'digest.x.data\t%s\n' "$came" >> "$meta"
	done
	run -1 --separate-stderr compared -f 'swap_outs > 5%'
	assert_equal "${stderr_lines[-1]}" 'compare: -f: each seed leaves the same run, so nothing is seen: the case has to use $SEED'
	assert_line --regexp '^\| Swap Outs .* one run \|$'
}

@test "experiments/compare says in one line what it lacks or does not understand" {
	tree
	says_only() {
		run -"$1" --separate-stderr env SWAP=disk N=5 SEED=1..4 experiments/compare "${@:3}"
		assert_equal "$output" ""
		assert_equal "$stderr" "compare: $2"
	}
	says_only 2 'two configurations or more are needed: A="..." B="...", or OF=LIST (-h for help)' A "" -- case3
	says_only 2 'two configurations or more are needed: A="..." B="...", or OF=LIST (-h for help)' -- case3
	says_only 2 'two configurations or more are needed: A="..." B="...", or OF=LIST (-h for help)' -n -- case3 case1
	says_only 2 'which case? (-h for help)' A "" B vm.swappiness=10
	says_only 2 'which case? (-h for help)' A "" B vm.swappiness=10 --
	says_only 2 'SEED=3: seeds and arguments are the same for all (-h for help)' A "" B SEED=3 -- case3
	says_only 2 'CPUS=3 is no axis (there are MACHINE KERNEL KDIR MEM SWAP CASE) (-h for help)' A "" B CPUS=3 -- case3
	says_only 2 'fast is neither an axis nor a knob (-h for help)' A "" B fast -- case3
	says_only 2 'placebo is no name for a configuration (-h for help)' placebo "" B fast -- case3
	run -2 --separate-stderr experiments/compare A "" B vm.swappiness=10 -- case9
	assert_equal "$output" ""
	assert_regex "$stderr" '^rows: no such case: case9 '
	says_only 1 'there are no results of sim-6.1-512-disk-1/case3-5' A "" B MEM=512 -- case3
	assert [ ! -e results/compare/case3-5 ] || assert_equal "$(find results/compare -type f)" ""
}

@test "experiments/compare tells make all rows, and those of the placebo" {
	tree
	run -0 env SWAP=disk N=5 SEED=1,2 experiments/compare -r A "" B "KERNEL=6.12 MEM=512" -- case3
	assert_output "$(printf '%s\n' sim-6.1-1024-disk-{1,2}/case3-5 sim-6.12-512-disk-{1,2}/case3-5 sim-6.1-1024-disk-{1,2}+boot:quiet/case3-5)"
	run -0 env SWAP=disk N=5 experiments/compare -n -r A "" B "MEM=512" C "vm.swappiness=1 vm.page-cluster=0" -- case3
	assert_output "$(printf '%s\n' sim-6.1-1024-disk-1/case3-5 sim-6.1-512-disk-1/case3-5 sim-6.1-1024-disk-1+vm.swappiness@1+vm.page-cluster@0/case3-5)"
}

@test "a kernel that is given by its path has its file's name in its rows, and its build directory where they are run" {
	tree
	printf '#!/bin/sh\necho "$KERNEL $KDIR $1"\n' > experiments/run
	mkdir a b
	touch a/vmlinuz-one b/vmlinuz-two
	configurations=(A "KERNEL=a/vmlinuz-one KDIR=a" B "KERNEL=b/vmlinuz-two KDIR=b vm.swappiness=1" C "KERNEL=6.12")
	run -0 env SWAP=disk N=5 experiments/compare -n -r "${configurations[@]}" -- case3
	assert_output "$(printf '%s\n' sim-one-1024-disk-1/case3-5 sim-two-1024-disk-1+vm.swappiness@1/case3-5 sim-6.12-1024-disk-1/case3-5)"
	run -0 env SWAP=disk N=5 experiments/compare -n -x "run ${lines[1]}" "${configurations[@]}" -- case3
	assert_output "b/vmlinuz-two b sim-two-1024-disk-1+vm.swappiness@1/case3-5"
	run -1 experiments/compare -n -x "run sim-three-1024-disk-1/case3-5" "${configurations[@]}" -- case3
	assert_output "compare: sim-three-1024-disk-1/case3-5 is a row of none of them"

	# what is there of them is compared
	for seed in 1 2 3 4; do
		for knob in '' +boot:quiet; do cp -r results/sim-6.1-1024-disk-$seed$knob results/sim-one-1024-disk-$seed$knob; done
	done
	run -0 env SWAP=disk N=5 SEED=1..4 experiments/compare A "KERNEL=a/vmlinuz-one KDIR=a" B "" -- case3
	assert_line --partial "sim-one-1024-disk-1..4 against sim-6.1-1024-disk-1..4"
}

@test "a configuration may have a case of its own, whose rows are its runs" {
	tree
	for case in old new; do
		printf '# program-%s - a program\nmemory=256 swap=ssd\nrun() { profile x true; }\n' $case > experiments/cases/program-$case
	done
	run -0 env SEED=1,2 experiments/compare -r A "" B "CASE=program-new vm.swappiness=1" -- program-old
	assert_output "$(printf 'sim-6.1-256-ssd-%s/program-%s\n' 1 old 2 old 1+vm.swappiness@1 new 2+vm.swappiness@1 new 1+boot:quiet old 2+boot:quiet old)"
	run -0 experiments/compare -n -r A CASE=program-old B CASE=program-new -- program-new
	assert_output "$(printf 'sim-6.1-256-ssd-1/program-%s\n' old new)"
	run -2 --separate-stderr experiments/compare -r A "" B CASE=nonesuch -- program-old
	assert_output ""
	assert_regex "$stderr" '^rows: no such case: nonesuch '
}

@test "two kernels of one name are not compared" {
	tree
	for other in b/vmlinuz-one b/one; do
		run -2 experiments/compare -r A "KERNEL=a/vmlinuz-one KDIR=a" B "KERNEL=$other KDIR=b" -- case3
		assert_output "compare: two kernels have the name one: name their files vmlinuz-NAME (-h for help)"
	done
	run -2 experiments/compare -r A "" B "KERNEL=b/vmlinuz-6.1 KDIR=b" -- case3
	assert_output --partial "two kernels have the name 6.1"
	run -0 experiments/compare -r A "KERNEL=a/vmlinuz-one KDIR=a" B "KERNEL=a/vmlinuz-one KDIR=a vm.swappiness=1" -- case3
}
