#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031 # each test is a subshell of its own
# Rows of axes: which runs a goal consists of, how their paths are written, and what is refused.

load helpers
load lib/tree

setup() { cd "$ROOT" || return; }

# rows ARGUMENT... - with the axes that the test sets, and no others
rows() { env -u MACHINE -u KERNEL -u MEM -u SWAP -u SEED -u N -u KNOBS "${set[@]}" experiments/rows "$@"; }

set=()

@test "a case has its own arguments, memory and swap, unless the axes say otherwise" {
	run -0 rows -p case1 theory
	assert_output "$(printf '%s\n' sim-6.1-1024-disk-1/case1 sim-6.1-164-ssd512-1/theory)"
	# of several runs, the longest first
	run -0 rows -p case3 sleepless
	assert_output "$(printf 'sim-6.1-1024-disk6144-1/%s\n' case3-11 case3-7 case3-5 case3-1 sleepless-{6,5,4,3,2,1})"
	set=(MEM=512 SWAP=zram SEED=3 KERNEL=6.12 MACHINE=tcg N=2)
	run -0 rows -p case3 theory
	assert_output "$(printf '%s\n' tcg-6.12-512-zram-3/case3-2 tcg-6.12-512-zram-3/theory)"
}

@test "every axis is a list, and a row is one of each" {
	set=(MACHINE="sim tcg" KERNEL="6.1,5.10" SWAP="disk ssd" MEM="512,256" SEED=1..3 N="1 5")
	run -0 rows -p case3
	assert_equal ${#lines[@]} 96
	assert_equal "$(sort -u <<< "$output" | wc -l)" 96
	assert_line tcg-5.10-256-ssd-3/case3-5
}

@test "a row tells its axes in columns" {
	set=(SWAP=disk:4096 N=7 KNOBS="vm.swappiness=10 /sys/kernel/mm/lru_gen/enabled=n")
	run -0 rows case3
	assert_output "$(printf 'sim-6.1-1024-disk4096-1+vm.swappiness@10+,sys,kernel,mm,lru_gen,enabled@n/case3-7\tcase3\t7\tsim\t6.1\t1024\tdisk:4096\t1\tvm.swappiness=10 /sys/kernel/mm/lru_gen/enabled=n')"
	# and back
	path=${output%%	*} row=$output
	set=()
	run -0 rows "$path"
	assert_output "$row"
}

@test "a set is written with lists and ranges, in order, and is the same rows" {
	set=(SEED="3 1 2" SWAP="ssd disk" N="11 5 7 1")
	run -0 rows -s case3
	assert_output sim-6.1-1024-disk,ssd-1..3/case3-1,5,7,11
	path=$output
	sorted=$(rows -p case3 | sort)
	set=()
	assert_equal "$(rows -p "$path" | sort)" "$sorted"
	run -0 rows -s sweep
	assert_output sim-6.1-1024-disk6144-1/case3-1..12
}

@test "a knob of a memory cgroup is part of the row, and back" {
	set=(KNOBS=memory.max=200M)
	run -0 rows -p case1
	assert_output sim-6.1-1024-disk-1+memory.max@200M/case1
	set=()
	run -0 rows "$output"
	assert_output --partial "	memory.max=200M"
}

@test "the default size of a swap store, said or not, is the same row" {
	set=(SWAP=disk:2048)
	run -0 rows -p case1
	assert_output sim-6.1-1024-disk-1/case1
}

@test "a kernel may have a dash in its name, and one that is given by its path has its file's name" {
	set=(KERNEL=/boot/vmlinuz-6.1.0-50-amd64)
	run -0 rows -p case1
	assert_output sim-6.1.0-50-amd64-1024-disk-1/case1
	run -0 rows "$output"
	assert_output --partial "	sim	6.1.0-50-amd64	1024	"
	set=(KERNEL="6.1-arm64 6.12-arm64-16k")
	run -0 rows -s case1
	assert_output sim-6.1-arm64,6.12-arm64-16k-1024-disk-1/case1
	run -0 rows "$output"
	assert_line --index 0 --partial "	sim	6.1-arm64	1024	"
	assert_line --index 1 --partial "	sim	6.12-arm64-16k	1024	"
}

@test "a kernel that was built from git has a plus in its name, which begins no knob" {
	set=(KERNEL="/x/vmlinuz-6.9.0+ 6.1" KNOBS=vm.swappiness=10)
	run -0 rows -p case1
	assert_output "$(printf '%s\n' sim-6.9.0+-1024-disk-1+vm.swappiness@10/case1 sim-6.1-1024-disk-1+vm.swappiness@10/case1)"
	set=(KERNEL=/x/../x/vmlinuz-6.9.0+)
	run -0 rows sim-6.9.0+-1024-disk-1+vm.swappiness@10/case1
	assert_output --partial "	sim	6.9.0+	1024	disk	1	vm.swappiness=10"
}

@test "figures are of a row, of a set, or of its seeds" {
	run -0 rows -f case1 case3
	assert_output "$(printf '%s\n' plots/sim-6.1-1024-disk-1/case1.profile.svg plots/sim-6.1-1024-disk6144-1/case3-1,5,7,11.levels.svg)"
	set=(SEED=1..7 N="5 7")
	run -0 rows -f case3
	assert_output plots/sim-6.1-1024-disk6144-1..7/case3-5,7.seeds.svg
}

# refused SETTING WORDS - by one line that has these words, and 2
refused() {
	set=("$1")
	run -2 rows case3
	assert_equal ${#lines[@]} 1
	assert_output --regexp "^rows: $2"
}

@test "a value that is none is one line, and no row" {
	refused N=5..1 "N: 1 is less than 5"
	for n in 0 abc -1 01 1x "5 5" ","; do refused "N=$n" "N: "; done
	for seed in abc -1 1..x; do refused "SEED=$seed" "SEED: $seed|SEED: x"; done
	refused MACHINE=abacus "MACHINE: no such machine: abacus"
	refused KERNEL=9.9 "KERNEL: no such kernel: 9.9 \(there are: .*6.1 "
	refused SWAP=floppy "SWAP: no such swap model: floppy \(there are: .*disk "
	refused SWAP=disk:1 "SWAP: 1 is less than 16"
	refused MEM=1x "MEM: 1x is not"
	refused MEM=1 "MEM: 1 is less"
	refused "MACHINE=sim host" "MACHINE: host is alone"
	refused SWAP=own "SWAP: no such swap model: own"
	refused MEM=all "MEM: all is not"
	refused KERNEL=version "KERNEL: no such kernel: version"
	refused KNOBS=boot:mitigations=auto,nosmt "KNOBS: boot:mitigations=auto,nosmt cannot be written in a path"
	for knob in swappiness "vm.swappiness=1=2" "Vm.x=1" "vm.x='1'"; do refused "KNOBS=$knob" "KNOBS: "; done
}

@test "a goal that is none is one line, and no row of the others" {
	for goal in case9 ../case1 sim-6.1/case1 sim-6.1-1024-disk-1/case9 sim-6.1-1024-disk-1/case1-5 \
		sim-6.1-1024-disk-1/sweep sim-6.1-1024-floppy-1/case1; do
		run -2 rows case1 "$goal"
		assert_equal "$goal: ${#lines[@]}" "$goal: 1"
		assert_output --partial "rows: "
	done
	run -2 rows
}

@test "a range may have 10,000 values" {
	set=(SEED=1..10000)
	run -0 rows -p case1
	assert_equal ${#lines[@]} 10000
}

@test "make takes 10,000 rows, asks for what they need once, and is not a minute at it" {
	scratch_tree "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree" || return
	timeout 60 make -n SEEDS=1000 N=1..10 case3 > said
	# once for case3, and once for its figure
	assert_equal "$(grep -c 'experiments/run sim-6.1-1024-disk6144-' said)" 20000
	timeout 60 make -n SEEDS=1000 KERNEL=6.12,6.12-arm64 bench-rate > said
	assert_equal "$(grep -c 'experiments/run sim-6.12' said)" 2000
}

@test "what is built for a row is its kernel's, also if one's name begins with another's" {
	scratch_tree "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree" || return
	run -0 make -n results/{sim-6.12,sim-6.12-arm64,tcg-6.12-arm64-16k}-1024-disk-{1,2}/bench-rate/meta.tsv \
		KERNEL="6.1 /x/vmlinuz-6.9.0+" results/sim-6.9.0+-1024-disk-1+vm.swappiness@10/bench-rate/meta.tsv \
		results/sim-6.1-164-ssd512-1/theory/meta.tsv results/sim-6.1-2048-none-1/bench-work/meta.tsv
	for kernel in 6.12 6.12-arm64 6.12-arm64-16k 6.9.0+; do assert_line --partial "\"build/measure/$kernel/rearmed.ko\""; done
	for file in prompt/resident tools.tar; do assert_line --partial "\"build/measure/$file\""; done
}

@test "a list or a table of more rows than a shell's command has room for" {
	scratch_tree "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree" || return
	mkdir -p results/sim-6.1-1024-disk6144-{1..1000}
	make -s SEEDS=1000 N="1..4" list CASES=case3 > said
	assert_equal "$(sort -u said | wc -l)" 4000
	for row in results/sim-6.1-1024-disk6144-{1..1000}/case3-{1..4}; do printf 'kb\n1\n' > "$row.limits.tsv"; done
	touch results/sim-6.1-1024-disk6144-{1..1000}/case3-{1..4}.curve.tsv
	# these are taken as they are
	printf '#!/bin/sh\nexit 7\n' > experiments/curve
	sed -i 's/^results\/%.curve.tsv .*&:.*/results\/%.curve.tsv results\/%.limits.tsv \&:/' experiments/runs.mk
	make -s 'results/sim-6.1-1024-disk6144-1..1000/case3-1..4.programs.tsv'
	assert_equal "$(wc -l < 'results/sim-6.1-1024-disk6144-1..1000/case3-1..4.programs.tsv')" 4001
	# one that fails ends it
	mkdir results/sim-6.1-1024-disk6144-1/case3-1
	touch results/sim-6.1-1024-disk6144-1/case3-1/meta.tsv
	printf '#!/bin/sh\nexit 7\n' > experiments/run
	run -2 make -s list CASES=case3
	assert_equal ${#lines[@]} 1
	assert_output --partial "Error 7"
}
