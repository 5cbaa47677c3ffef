#!/usr/bin/env bats
# tabulate: what is kept of runs in, tables and statistics out
#
# The expected numbers are computed by hand, from the fixtures that reduce.bats explains: 4
# samples in 0.21 s, of three processes, which are listed in three.processes.tsv.
# shellcheck disable=SC2154 # bats sets stderr
load helpers
load tables

setup_file() {
	build_tables
	export TABULATE=$TABLES/tabulate
}

setup() {
	fixtures=$BATS_TEST_DIRNAME/fixtures
	cd "$BATS_TEST_TMPDIR" || return
	run=results/sim-6.1-1024-disk-1/case3-3/profile3-3
	place "$run" "'./profile' 'case3' '3'"
}

# place RUN COMMAND [HZ] - the run of the fixtures, in its place
place() {
	mkdir -p "${1%/*}"
	cp "$fixtures/four.data" "$1.data"
	for ending in work counters.tsv processes.tsv; do cp "$fixtures/three.$ending" "$1.$ending"; done
	printf '%s\t%s\n' hz "${3-100}" kernel 6.1.0-50 swap_options 'ndelay=5 max_queue=1' command "$2" > "${1%/*}/meta.tsv"
}

# fails STATUS MESSAGE ARGUMENT... - tabulate prints no table, and says just that
fails() {
	run -"$1" --separate-stderr "$TABULATE" "${@:3}"
	assert_equal "$output" ""
	assert_equal "${stderr_lines[0]}" "tabulate: $2"
}

# named NAME... - the columns of these names, of the output's second line, separated by blanks; a ? for one that is not there
named() {
	printf '%s\n' "${lines[0]}" "${lines[1]}" | awk -F '\t' -v names="$*" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ n = split(names, name, " "); for (i = 1; i <= n; i++) printf "%s%s", (i > 1 ? " " : ""), (name[i] in at ? $at[name[i]] : "?"); print "" }'
}

axes='machine kernel memory swap seed knobs case argument'

# rate_hz = 4 / 0.21. utilization = (50 * 0.05 + 100 * 0.05 + 25 * 0.1 +
# 0 * 0.01) / 0.21 = 10 / 0.21. Of 0.2, 0.05 and 0.125 s, 0.125 is the median.
# touches = 400 + 100 + 220, distinct = 30 + 20 + 10. minor = 100 + 60 + 40 + 1,
# major = 10 + 30 + 2 + 3. work_minor = 130 + 65 + 5, work_major = 20 + 15 + 2.
# 45 / 0.21 = 214.2857 and 720 / 0.21 = 3428.5714 a second. The processes had 26, 17
# and 2 of the 45 major faults; these are 11, 2 and -13 from their mean of 15, and
# sqrt((121 + 4 + 169) / 3) / 15 = 0.65997.
#
# touches_per_awake_second = 720 / (0.1 + 0.025 + 0.0625) = 3840; 720 / 45 touches a major fault.
#
# Of the counters: 48 - 45 other major faults; 60 and 10 requests, of 480 and 584 sectors,
# which are 60 and 73 pages; busy for 350 ms of 0.5 s, 350 / 70 = 5 ms a request and 350 / 45 =
# 7.7778 ms a fault, 60/70 of it, 6.6667, for reads and 10/70, 1.1111, for writes. CPU time is
# 50.5 + 43 + 3 ms, over 45 2.1444 ms. Of the 0.5 s, kswapd had 0.05, and somebody waited for
# memory for 0.4 and all for 0.25, for the disk for 0.3 and 0.2. 50 - 10 and 5 - 3 pages came
# back; kswapd looked at 400 - 100 and took 290 - 90, others at 120 - 20, taking 55 - 5.
#
# The second run has the first two reports alone: the median is the mean of 0.2
# and 0.05; touches = 500, 500 / 0.21 = 2380.9524 and 500 / 0.125 = 4000, 500 / 45 = 11.1111. Of its
# major faults, a process has 9 and the other 36, which is 13.5 from their mean of 22.5.
@test "runs has a row a run, with its axes, sums, means and medians" {
	two=results/sim-6.1-1024-ssd-1/case3-2/profile3-2
	place $two "./profile case3 2"
	head -n 2 "$fixtures/three.work" | sed '1s/ minor=.*/ minor=90 major=5 minor_max=100 major_max=9/
		2s/ minor=.*/ minor=80 major=30 minor_max=101 major_max=36/' > $two.work
	{
		head -n 1 "$fixtures/three.processes.tsv"
		printf '1\twork\t41\t0\twork\t1\t100\t9\t45\t0.0\t0\t1.0\t0.21\n2\twork\t42\t0\twork\t2\t101\t36\t45\t0.0\t0\t1.0\t0.21\n'
	} > $two.processes.tsv
	run -0 --separate-stderr "$TABULATE" runs "$run" $two
	assert_equal "$stderr" ""
	# a line a column
	run -0 awk -F '\t' '{ for (i = 1; i <= NF; i++) column[i] = column[i] (NR > 1 ? " " : "") $i }
		END { for (i = 1; i in column; i++) print column[i] }' <<< "$output"
	assert_output - << 'END'
machine sim sim
kernel 6.1 6.1
memory 1024 1024
swap disk ssd
seed 1 1
knobs - -
case case3 case3
argument 3 2
n 3 2
samples 4 4
seconds 0.210 0.210
rate_hz 19.048 19.048
utilization 47.62 47.62
completion_min 0.050 0.050
completion_median 0.125 0.125
completion_max 0.200 0.200
done_per_minute 857.143 571.429
touches 720 500
distinct 60 50
minor 201 201
major 45 45
work_minor 200 170
work_major 37 35
majors_per_second 214.286 214.286
touches_per_second 3428.571 2380.952
touches_per_awake_second 3840.000 4000.000
touches_per_major 16.000 11.111
major_share_min 4.44 20.00
major_share_max 57.78 80.00
major_cv 0.6600 0.6000
pgmajfault 46 46
other_majors 3 3
major_anon 46 46
major_file 0 0
pswpin 60 60
pswpout 80 80
swap_reads 60 60
swap_writes 10 10
pages_per_read 1.000 1.000
pages_per_write 7.300 7.300
swap_busy 70.00 70.00
request_ms 5.0000 5.0000
lifetime_ms 2.1444 0.0000
service_ms 7.7778 7.7778
service_read_ms 6.6667 6.6667
service_write_ms 1.1111 1.1111
kswapd 10.00 10.00
memory_some 80.00 80.00
memory_full 50.00 50.00
io_some 60.00 60.00
io_full 40.00 40.00
refaults_anon 40 40
refaults_file 2 2
scan_kswapd 300 300
scan_direct 100 100
steal_kswapd 200 200
steal_direct 50 50
useful nan nan
END
}

# Kernel, swap model and case may have a dash, the kernel a plus, too.
@test "the axes are those of the path" {
	while read -r path command expected; do
		place "results/$path" "$command"
		run -0 "$TABULATE" runs "results/$path"
		# shellcheck disable=SC2086 # words
		assert_equal "$(named $axes)" "$expected"
	done << 'END'
sim-6.1-1024-disk4096-12/case1/profile1 case1 sim 6.1 1024 disk4096 12 - case1 -
host-6.1.0-50-cloud-amd64-all-own-1/case1/profile1 case1 host 6.1.0-50-cloud-amd64 all own 1 - case1 -
sim-6.12-160-ssd-1+vm.swappiness@10/a-case/x a-case sim 6.12 160 ssd 1 vm.swappiness@10 a-case -
sim-6.12-160-ssd-1+vm.swappiness@10+,sys,x-1@0/mine/x mine sim 6.12 160 ssd 1 vm.swappiness@10+,sys,x-1@0 mine -
kvm-5.10+deb-3+-160-none-1+boot:x-3-y-1/bench-cost-1000/x 1000 kvm 5.10+deb-3+ 160 none 1 boot:x-3-y-1 bench-cost 1000
END
	# an argument may have a dash, which only the command tells
	place results/sim-6.1-1024-disk-1/cache-build-slow/x "'./profile' 'cache' 'build-slow'"
	run -0 "$TABULATE" runs results/sim-6.1-1024-disk-1/cache-build-slow/x
	assert_equal "$(named case argument)" 'cache build-slow'
	# from where the run lies, and with an absolute path
	cd results/sim-6.1-1024-disk-1/case3-3
	run -0 "$TABULATE" runs "$PWD/profile3-3"
	# shellcheck disable=SC2086 # words
	assert_equal "$(named $axes)" 'sim 6.1 1024 disk 1 - case3 3'
}

@test "a path without axes is refused" {
	for axes in sim-6.1-1024-disk sim-6.1-disk-1 sim-1024-disk-1 sim-6.1-1024-disk-x sim-6.1-1024--1 -6.1-1024-disk-1 \
		sim--1024-disk-1 results; do
		place "results/$axes/case1/profile1" case1
		fails 1 "results/$axes/case1/profile1: expected .../MACHINE-KERNEL-MEMORY-SWAP-SEED[+KNOB...]/CASE[-ARGUMENT]/NAME" \
			runs "results/$axes/case1/profile1"
	done
	cp results/sim-6.1-1024-disk-1/case3-3/* .
	fails 1 "profile3-3: expected .../MACHINE-KERNEL-MEMORY-SWAP-SEED[+KNOB...]/CASE[-ARGUMENT]/NAME" runs profile3-3
}

# Without reports, a process completes when it is no longer profiled: after 0.07, 0.193, 0.21 s.
@test "a run of programs that are not work has all that the kernel tells" {
	: > "$run.work"
	run -0 "$TABULATE" runs "$run"
	assert_equal "$(named completion_min completion_median completion_max)" '0.070 0.193 0.210'
	assert_equal "$(named touches distinct work_minor work_major)" 'nan nan nan nan'
	assert_equal "$(named touches_per_second touches_per_awake_second touches_per_major)" 'nan nan nan'
	# the others are as with reports
	assert_equal "$(named n samples seconds rate_hz utilization minor major majors_per_second)" '3 4 0.210 19.048 47.62 201 45 214.286'
	assert_equal "$(named major_share_min major_share_max major_cv pgmajfault other_majors)" '4.44 57.78 0.6600 46 3'
	assert_equal "$(named swap_reads swap_busy lifetime_ms service_ms kswapd memory_full)" '60 70.00 2.1444 7.7778 10.00 50.00'
	run -0 "$TABULATE" facts x="$run"
	refute_line --partial x.work1
	assert_line "$(printf 'x.touches\tnan')"
	run -0 "$TABULATE" knee "$run"
	# it is how many of them are done a minute
	assert_equal "$(named rule n)" 'throughput 3'
	# of a work and others, each by what is known: 0.07 and 0.193 s, and 0.2 by the report
	head -n 1 "$fixtures/three.work" > "$run.work"
	sed -i 's/\twork\t2/\tcc1\t0/' "$run.processes.tsv"
	run -0 "$TABULATE" runs "$run"
	assert_equal "$(named completion_min completion_median completion_max touches distinct touches_per_awake_second)" \
		'0.070 0.193 0.200 400 30 4000.000'
}

@test "without a major fault nobody has a share of them" {
	echo '1000 5 0 0' > "$run.data"
	{ head -n 1 "$fixtures/three.processes.tsv"; printf '1\twork\t41\t0\twork\t1\t5\t0\t0\t0.0\t0\t0.0\t0.05\n'; } > "$run.processes.tsv"
	head -n 1 "$fixtures/three.work" | sed 's/ minor=.*/ minor=5 major=0 minor_max=5 major_max=0/' > "$run.work"
	run -0 "$TABULATE" runs "$run"
	assert_equal "$(named major_share_min major_share_max major_cv lifetime_ms)" 'nan nan nan nan'
	assert_equal "$(named touches_per_major service_ms service_read_ms service_write_ms)" 'nan nan nan nan'
	assert_equal "$(named touches_per_awake_second request_ms)" '4000.000 5.0000'
}

@test "without a swap device there are no requests to it" {
	sed -i /swap_/d "$run.counters.tsv"
	run -0 "$TABULATE" runs "$run"
	assert_equal "$(named swap_reads swap_writes pages_per_read pages_per_write swap_busy request_ms)" 'nan nan nan nan nan nan'
	assert_equal "$(named service_ms service_read_ms service_write_ms)" 'nan nan nan'
	assert_equal "$(named pgmajfault other_majors pswpin pswpout lifetime_ms kswapd)" '46 3 60 80 2.1444 10.00'
}

@test "a swap device that is not used has no pages a request" {
	sed -i 's/^\(swap_[a-z_]*\t[0-9]*\)\t.*/\1\t0/; s/^\(swap_[a-z_]*\)\t\([0-9]*\)\t.*/\1\t\2\t\2/' "$run.counters.tsv"
	run -0 "$TABULATE" runs "$run"
	assert_equal "$(named swap_reads swap_writes pages_per_read pages_per_write swap_busy request_ms)" '0 0 nan nan 0.00 nan'
	assert_equal "$(named service_ms service_read_ms service_write_ms)" '0.0000 nan nan'
}

@test "what the kernel does not count is nan, each by itself" {
	shopt -s extglob
	while read -r counter names; do
		place "$run" case3
		sed -i "/^$counter	/d" "$run.counters.tsv"
		run -0 "$TABULATE" runs "$run"
		# shellcheck disable=SC2086 # words
		assert_equal "$counter: $(named $names)" "$counter: ${names//+([! ])/nan}"
		run -0 awk '{ for (i = 1; i <= NF; i++) n += $i == "nan" && i < NF } END { print n + 0 }' <<< "${lines[1]}"
		assert_output "$(wc -w <<< "$names")"
	done << 'END'
kswapd_s kswapd
psi_memory_some_us memory_some
psi_memory_full_us memory_full
psi_io_some_us io_some
psi_io_full_us io_full
workingset_refault_anon refaults_anon
workingset_refault_file refaults_file
pgscan_kswapd scan_kswapd
pgscan_direct scan_direct
pgsteal_kswapd steal_kswapd
pgsteal_direct steal_direct
swap_read_sectors pages_per_read
swap_write_sectors pages_per_write
END
}

@test "jiffies are measured in the HZ of the run" {
	place "$run" case3 1000
	run -0 "$TABULATE" runs "$run"
	assert_equal "$(named seconds)" 0.066
	place "$run" case3 10
	fails 2 "${run%/*}/meta.tsv: expected 20 to 10000, found \"10\"" runs "$run"
}

# Of the 45 major faults, all were in the time of the first process, 42 in that of the second and 35 in that
# of the third. 26 / 0.21 = 123.8095, 17 / 0.193 = 88.0829 and 2 / 0.07 = 28.5714 a second.
@test "facts names each number of a run and of its processes" {
	run -0 --separate-stderr "$TABULATE" facts disk.case3="$run"
	assert_equal "$stderr" ""
	assert_equal "$output" "$(tr ' _~' '\t _' << 'END'
disk.case3.n 3
disk.case3.samples 4
disk.case3.seconds 0.210
disk.case3.rate~hz 19.048
disk.case3.utilization 47.62
disk.case3.completion~min 0.050
disk.case3.completion~median 0.125
disk.case3.completion~max 0.200
disk.case3.done~per~minute 857.143
disk.case3.touches 720
disk.case3.distinct 60
disk.case3.minor 201
disk.case3.major 45
disk.case3.work~minor 200
disk.case3.work~major 37
disk.case3.majors~per~second 214.286
disk.case3.touches~per~second 3428.571
disk.case3.touches~per~awake~second 3840.000
disk.case3.touches~per~major 16.000
disk.case3.major~share~min 4.44
disk.case3.major~share~max 57.78
disk.case3.major~cv 0.6600
disk.case3.pgmajfault 46
disk.case3.other~majors 3
disk.case3.major~anon 46
disk.case3.major~file 0
disk.case3.pswpin 60
disk.case3.pswpout 80
disk.case3.swap~reads 60
disk.case3.swap~writes 10
disk.case3.pages~per~read 1.000
disk.case3.pages~per~write 7.300
disk.case3.swap~busy 70.00
disk.case3.request~ms 5.0000
disk.case3.lifetime~ms 2.1444
disk.case3.service~ms 7.7778
disk.case3.service~read~ms 6.6667
disk.case3.service~write~ms 1.1111
disk.case3.kswapd 10.00
disk.case3.memory~some 80.00
disk.case3.memory~full 50.00
disk.case3.io~some 60.00
disk.case3.io~full 40.00
disk.case3.refaults~anon 40
disk.case3.refaults~file 2
disk.case3.scan~kswapd 300
disk.case3.scan~direct 100
disk.case3.steal~kswapd 200
disk.case3.steal~direct 50
disk.case3.process1.label work_200_R_20,_seed_7
disk.case3.process1.command work
disk.case3.process1.pid 41
disk.case3.process1.parent 0
disk.case3.process1.work 1
disk.case3.process1.minor 131
disk.case3.process1.major 26
disk.case3.process1.major~share 57.78
disk.case3.process1.share~in~its~time 57.78
disk.case3.process1.cpu~s 0.050500
disk.case3.process1.peak~rss~kb 9100
disk.case3.process1.elapsed~s 0.210000
disk.case3.process1.majors~per~second 123.810
disk.case3.process2.label work_200_L_5,_seed_8
disk.case3.process2.command work
disk.case3.process2.pid 42
disk.case3.process2.parent 0
disk.case3.process2.work 2
disk.case3.process2.minor 65
disk.case3.process2.major 17
disk.case3.process2.major~share 37.78
disk.case3.process2.share~in~its~time 40.48
disk.case3.process2.cpu~s 0.043000
disk.case3.process2.peak~rss~kb 4500
disk.case3.process2.elapsed~s 0.193000
disk.case3.process2.majors~per~second 88.083
disk.case3.process3.label work_1_R_11,_seed_18446744073709551615
disk.case3.process3.command a\040b
disk.case3.process3.pid 43
disk.case3.process3.parent 41
disk.case3.process3.work 3
disk.case3.process3.minor 5
disk.case3.process3.major 2
disk.case3.process3.major~share 4.44
disk.case3.process3.share~in~its~time 5.71
disk.case3.process3.cpu~s 0.003000
disk.case3.process3.peak~rss~kb 150
disk.case3.process3.elapsed~s 0.070000
disk.case3.process3.majors~per~second 28.571
disk.case3.work1.pid 41
disk.case3.work1.mb 200
disk.case3.work1.mode R
disk.case3.work1.accesses 20
disk.case3.work1.seed 7
disk.case3.work1.touches 400
disk.case3.work1.distinct 30
disk.case3.work1.elapsed~s 0.200000
disk.case3.work1.awake~s 0.100000
disk.case3.work1.minor 130
disk.case3.work1.major 20
disk.case3.work1.minor~max 131
disk.case3.work1.major~max 26
disk.case3.work2.pid 42
disk.case3.work2.mb 200
disk.case3.work2.mode L
disk.case3.work2.accesses 5
disk.case3.work2.seed 8
disk.case3.work2.touches 100
disk.case3.work2.distinct 20
disk.case3.work2.elapsed~s 0.050000
disk.case3.work2.awake~s 0.025000
disk.case3.work2.minor 65
disk.case3.work2.major 15
disk.case3.work2.minor~max 66
disk.case3.work2.major~max 18
disk.case3.work3.pid 43
disk.case3.work3.mb 1
disk.case3.work3.mode R
disk.case3.work3.accesses 11
disk.case3.work3.seed 18446744073709551615
disk.case3.work3.touches 220
disk.case3.work3.distinct 10
disk.case3.work3.elapsed~s 0.125000
disk.case3.work3.awake~s 0.062500
disk.case3.work3.minor 5
disk.case3.work3.major 2
disk.case3.work3.minor~max 5
disk.case3.work3.major~max 2
disk.case3.meta.hz 100
disk.case3.meta.kernel 6.1.0-50
disk.case3.meta.swap~options ndelay=5_max~queue=1
disk.case3.meta.command './profile'_'case3'_'3'
END
	)"
}

@test "facts takes several runs" {
	run -0 "$TABULATE" facts a="$run" b="$run"
	assert [ "$(grep -c '^a\.' <<< "$output")" -gt 100 ]
	assert_equal "$(cut -d . -f 1 <<< "$output" | sort -u | paste -sd ' ')" 'a b'
	assert_equal "$(grep '^b\.' <<< "$output")" "$(grep '^a\.' <<< "$output" | sed 's/^a/b/')"
	fails 2 "$run: expected NAME=RUN" facts "$run"
}

# level N MAJOR BUSY_MS TOUCHES [AXES] - a run of N processes, whose CPU time is 10 ms each
level() {
	path=results/${5-sim-6.1-1024-disk-1}/case3-$1/profile3-$1
	place "$path" "'./profile' 'case3' '$1'"
	printf '1000 0 %s 0\n' "$2" > "$path.data"
	head -n 1 "$fixtures/three.processes.tsv" > "$path.processes.tsv"
	for pid in $(seq "$1"); do
		printf '%s\twork\t%s\t0\twork\t%s\t0\t%s\t%s\t0.01\t0\t0.0\t0.05\n' "$pid" "$pid" "$pid" $(($2 / $1)) "$2" >> "$path.processes.tsv"
		echo "work: pid=$pid mb=1 mode=R accesses=1 seed=1 touches=$(($4 / $1)) distinct=1" \
			"elapsed_s=1.0 awake_s=1.0 minor=0 major=0 minor_max=0 major_max=$2"
	done > "$path.work"
	sed "/^pgmajfault/s/146/$((100 + $2))/; /^majors/s/98/$((50 + $2))/; /^swap_busy/s/1350/$((1000 + $3))/" \
		"$fixtures/three.counters.tsv" > "$path.counters.tsv"
}

# One process alone has the CPU for 10% of the time and 100 touches in 0.05 s; 300 touches of three take as much
# as 3 times that, whatever the CPU does besides. Of the ssd there is no run of one.
@test "runs tells how much of the CPU is useful" {
	level 1 0 0 100
	level 3 6 60 300
	level 2 4 300 400 sim-6.1-1024-ssd-1
	sed -i 's/0$/1000/' results/sim-6.1-1024-disk-1/case3-1/profile3-1.data
	sed -i 's/0$/9000/' results/sim-6.1-1024-disk-1/case3-3/profile3-3.data
	run -0 "$TABULATE" runs results/sim-6.1-1024-disk-1/case3-3/profile3-3 results/sim-6.1-1024-disk-1/case3-1/profile3-1 results/sim-6.1-1024-ssd-1/case3-2/profile3-2
	run -0 awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print $at["n"], $at["utilization"], $at["useful"] }' <<< "$output"
	assert_output "$(printf '%s\n' '3 90.00 30.000' '1 10.00 10.000' '2 0.00 nan')"
}

# CPU time is 10 ms a process. With 1, no fault: L is without end. With 2, L is 20 / 4
# = 5 ms and S 16 / 4 = 4; with 3, 30 / 6 = 5 and 60 / 6 = 10. The device is busy for
# 16, 60 and 300 ms of 500. The runs come in any order, and each swap model has its own.
@test "knee has the largest N that each rule allows" {
	level 1 0 0 100
	level 2 4 16 400
	level 3 6 60 300
	level 4 8 300 200
	level 2 4 300 400 sim-6.1-1024-ssd-1
	disk=results/sim-6.1-1024-disk-1
	ssd=results/sim-6.1-1024-ssd-1/case3-2/profile3-2
	paths="$disk/case3-3/profile3-3 $ssd $disk/case3-1/profile3-1 $disk/case3-4/profile3-4 $disk/case3-2/profile3-2"
	# shellcheck disable=SC2086 # words
	run -0 "$TABULATE" knee $paths
	assert_output "$(tr ' ' '\t' << 'END'
machine kernel memory swap seed knobs case rule n
sim 6.1 1024 disk 1 - case3 throughput 2
sim 6.1 1024 disk 1 - case3 lifetime 2
sim 6.1 1024 disk 1 - case3 half 3
sim 6.1 1024 ssd 1 - case3 throughput 2
sim 6.1 1024 ssd 1 - case3 lifetime nan
sim 6.1 1024 ssd 1 - case3 half nan
END
	)"
	# shellcheck disable=SC2086 # words
	fails 1 "$disk/case3-3/profile3-3 and $disk/case3-3/profile3-3: two runs of 3 processes" \
		knee $paths $disk/case3-3/profile3-3
}

# P(B < 1) of 6 and 1/2 is 1/64: 1 - 2/64 = 96.88%, of the smallest and the largest. Of 9,
# 1 - 2 (1 + 9) / 512 = 96.09% is between the second ones; of 5, 1 - 2/32 = 93.75%.
@test "seeds has medians, and intervals of order statistics" {
	paths=()
	for seed in 1 2 3 4 5 6 7 8 9; do
		level 1 $((seed * seed)) 0 100 sim-6.1-1024-disk-$seed
		paths+=("$path")
		run -0 "$TABULATE" seeds "${paths[@]}"
		assert_equal "${#lines[@]}" 2
		case $seed in
		1) assert_equal "$(named n runs coverage major_low major major_high)" '1 1 0.00 1 1 1' ;;
		5) assert_equal "$(named n runs coverage major_low major major_high)" '1 5 93.75 1 9 25' ;;
		6) assert_equal "$(named n runs coverage major_low major major_high)" '1 6 96.88 1 12 36' ;;
		9) assert_equal "$(named n runs coverage major_low major major_high)" '1 9 96.09 4 25 64' ;;
		esac
	done
	assert_equal "$(named machine kernel memory swap knobs case argument)" 'sim 6.1 1024 disk - case3 1'
}

@test "seeds has a row for runs that differ in their seed alone" {
	paths=()
	for seed in 1 2; do
		for swap in disk ssd; do
			for n in 1 2; do
				level $n $((n * seed)) 0 100 sim-6.1-1024-$swap-$seed
				paths+=("$path")
			done
		done
	done
	run -0 "$TABULATE" seeds "${paths[@]}"
	run -0 awk -F '\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		{ print $at["swap"], $at["argument"], $at["n"], $at["runs"], $at["major_low"], $at["major"], $at["major_high"] }' <<< "$output"
	assert_output "$(tr ' ' '\t' << 'END'
swap argument n runs major_low major major_high
disk 1 1 2 1 2 2
disk 2 2 2 2 3 4
ssd 1 1 2 1 2 2
ssd 2 2 2 2 3 4
END
	)"
	other=results/sim-6.1-1024-disk-3/case3-1/profile3-1
	level 2 4 0 100 sim-6.1-1024-disk-3
	mkdir "${other%/*}"
	for file in "$path"*; do cp "$file" "$other${file#"$path"}"; done
	sed "s/'2'/'1'/" "${path%/*}/meta.tsv" > "${other%/*}/meta.tsv"
	fails 1 "${paths[0]} and $other: 1 and 2 processes, though only the seeds differ" seeds "${paths[@]}" "$other"
}

@test "files of a run that do not agree are refused" {
	sed -i '2s/131/132/' "$run.processes.tsv"
	fails 1 "$run.processes.tsv: 202 minor and 45 major faults, which is +1 and +0 against the samples in $run.data" runs "$run"
	place "$run" case3
	sed -i 's/minor=130/minor=132/' "$run.work"
	fails 1 "$run.processes.tsv: process 41 has 131 minor and 26 major faults, but by its own count 132 to 131 and 20 to 26" runs "$run"
	place "$run" case3
	sed -i '/^majors/s/98/94/' "$run.counters.tsv"
	fails 1 "$run.counters.tsv: all processes had 44 major faults, but the samples have 45" facts x="$run"
}

# refuses ENDING SED MESSAGE - the file with this ending is none once sed has changed it
refuses() {
	place "$run" case3
	sed -i "$2" "$run.$1"
	fails 1 "$run.$1:$3" runs "$run"
}

@test "a line that is no process is refused" {
	header=$(head -n 1 "$fixtures/three.processes.tsv" | tr '\t' '?')
	refuses processes.tsv '1s/label/name/' "1: expected the header row of processes, found \"${header/label/name}\""
	refuses processes.tsv 2d '2: expected a process, found "'"$(sed -n '3s/\t/?/gp' "$fixtures/three.processes.tsv")"'"'
	for change in 's/\t41\t/\t-41\t/' 's/0.0505/x/' 's/\t0.21.*//' 's/$/\t1/' 's/work\t/wo\x01k\t/'; do
		refuses processes.tsv "2$change" \
			"2: expected a process, found \"$(sed -n "2$change; 2p" "$fixtures/three.processes.tsv" | tr -c '[:print:]\n' '?')\""
	done
	refuses processes.tsv '2,$d' ' no processes'
	refuses work '2s/.*/work: out of memory/' '2: expected a report of work, found "work: out of memory"'
}

@test "where a run comes from must be told" {
	for key in hz command; do
		place "$run" case3
		sed -i "/^$key\t/d" "${run%/*}/meta.tsv"
		fails 1 "${run%/*}/meta.tsv: no row $key" runs "$run"
	done
	echo 'hz 100' > "${run%/*}/meta.tsv"
	fails 1 "${run%/*}/meta.tsv:1: expected a key, a tab and a value, found \"hz 100\"" runs "$run"
	for file in "$run.data" "$run.work" "$run.counters.tsv" "$run.processes.tsv" "${run%/*}/meta.tsv"; do
		place "$run" case3
		rm "$file"
		fails 1 "$file: No such file or directory" runs "$run"
	done
}

@test "output that cannot be written is an error" {
	for command in "runs $run" "knee $run" "seeds $run" "facts x=$run" -h; do
		run -1 sh -c "'$TABULATE' $command > /dev/full"
		assert_output 'tabulate: standard output: No space left on device'
	done
}

@test "arguments that make no sense are usage errors" {
	fails 2 'no command'
	fails 2 'unknown command' frobnicate
	for command in runs knee seeds facts; do
		fails 2 'no run' $command
	done
	run -2 "$TABULATE" -x
	run -0 --separate-stderr "$TABULATE" -h
	assert_line -n 0 'usage: tabulate runs RUN...'
	assert_equal "$stderr" ""
}
