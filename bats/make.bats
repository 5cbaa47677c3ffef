#!/usr/bin/env bats
# What make promises, tried in a copy of the tree, with the smallest of the runs.

load helpers

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree
	mkdir -p "$tree/build/kernel"
	cd "$BATS_TEST_DIRNAME/.." || return
	# The kernel need not be fetched again.
	experiments/kernel
	cp -a build/kernel/6.1 "$tree/build/kernel"
	cp -r Makefile mp3 experiments plots bats "$tree"
	mkdir "$tree/results"
	make -s -C "$tree/mp3" clean
}

setup() { cd "$tree" || return; }

# results - what lies there, with the time of its last change
results() { find results build/runs -type f -printf '%p %T@\n' 2> /dev/null | sort; }

@test "make alone prints the verbs and the knobs" {
	run -0 make
	for word in case1 case2 case3 theory bench sweep verify plots report test test-debug soak check shell install clean \
		MACHINE KERNEL MEM SWAP SEED N SEEDS RUNS AUTO_DEPS KERNELS OPERATIONS HOURS; do
		assert_output --regexp "(^|[^A-Za-z0-9])$word[^A-Za-z0-9]"
	done
	refute_output --partial "Error"
}

@test "an interrupted run leaves no result, and no machine" {
	setsid env --default-signal make case3 N=11 3>&- &
	make=$!
	for _ in {1..1200}; do
		! pgrep -g $make qemu-system > /dev/null || break
		sleep 0.1
	done
	run -0 pgrep -g $make qemu-system
	kill -INT -- -$make
	if wait $make; then
		fail "it succeeded"
	fi
	assert_equal "$(results)" ""
	run ! pgrep -a -g $make
}

@test "a case leaves its data, records, reports and provenance, and the next make does nothing" {
	run -0 make case3 N=1
	assert_output --regexp "done in [0-9.]+ s"
	assert_equal "$(cd results/sim-6.1-disk && echo ./*)" \
		"./profile3-1.counters.tsv ./profile3-1.data ./profile3-1.meta.tsv ./profile3-1.records.tsv.gz ./profile3-1.work"
	before=$(results)
	run -0 make case3 N=1
	assert_output ""
	assert_equal "$(results)" "$before"
}

@test "the plots of a case are drawn once" {
	run -0 make plots/sim-6.1-disk/case3.svg N=1
	assert [ -s plots/sim-6.1-disk/case3.svg ]
	before=$(stat -c %y plots/sim-6.1-disk/case3.svg)
	run -0 make plots/sim-6.1-disk/case3.svg N=1
	assert_output ""
	assert_equal "$(stat -c %y plots/sim-6.1-disk/case3.svg)" "$before"
}

@test "records that do not agree with the samples make no table, nor do damaged ones" {
	records=results/sim-6.1-disk/profile3-1.records.tsv.gz
	cp -p "$records" whole
	# One minor fault less in the first record, which has thousands.
	gzip -dc whole | awk -v FS='\t' -v OFS='\t' 'NR == 2 { $6-- } { print }' | gzip > "$records"
	run ! make results/sim-6.1-disk/case3.tsv N=1
	assert_output --partial "which is -1 and +0 against the samples in results/sim-6.1-disk/profile3-1.data"
	head -c 2000 whole > "$records"
	run ! make results/sim-6.1-disk/case3.tsv N=1
	assert_output --partial "unexpected end of file"
	cp whole "$records"
	run -0 make results/sim-6.1-disk/case3.tsv N=1
}

@test "a failed run leaves earlier results as they are" {
	before=$(results)
	touch experiments/case3
	run ! make case3 N=1 MEM=1024 KDIR=/nonexistent KERNEL=/etc/hostname
	run ! make case3 N=1 SWAP=floppy
	assert_output --partial "floppy"
	assert_equal "$(results)" "$before"
}

@test "the results of a variant stand beside the default's" {
	run -0 make -n case3 N=1 SWAP=ssd:512 SEED=2 MEM=512
	assert_output --partial results/sim-6.1-ssd512-mem512-seed2/
}

@test "missing packages are named, and not installed, with AUTO_DEPS=0" {
	run -1 env AUTO_DEPS=0 experiments/packages make no-such-package
	assert_output --regexp '^packages: missing; install them with: .*apt-get install .* no-such-package$'
}

@test "packages that are there are no words worth" {
	run -0 experiments/packages make
	assert_output ""
}

@test "a package that does not exist is one clear line" {
	[ "$(id -u)" = 0 ] || skip "only root installs without a password"
	run -1 env AUTO_DEPS=1 experiments/packages no-such-package
	assert_line --regexp '^packages: cannot install no-such-package: see build/packages.log$'
}
