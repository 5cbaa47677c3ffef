#!/usr/bin/env bats
# What a hostile user can do, and what happens when memory is short, on a kernel that checks
# itself (`make test-debug`): lab fails when that kernel complains. In one guest, which
# hostile-guest keeps busy; OPERATIONS=n fuzzes for longer or shorter, SEED=n otherwise.

# bats file_tags=guest

load ../helpers
load ../lib/tree

setup_file() {
	export seen=$BATS_FILE_TMPDIR/seen
	export SEED="${SEED:-1}" OPERATIONS="${OPERATIONS:-100000}"
	# accesses race where there are several CPUs
	[ "${KERNEL-}" != kcsan ] || export MACHINE=tcg
	"$ROOT/experiments/lab" -k "${KERNEL:-debug}" -M 512 -S none -t 7200 -o "$seen" \
		-f "$BATS_TEST_DIRNAME/hostile-guest" -f "$(program fuzz)" -f "$(program fail)" -- \
		./hostile-guest "$OPERATIONS" 2>&3
}

setup() { cd "$seen" || return; }

# needs FILE MEANS - it was not left if this kernel has no such means
needs() { [ -e "$1" ] || skip "this kernel has no $2"; }

@test "each allocation of each operation fails cleanly, and the next attempt works" {
	needs fail "failing allocations"
	assert_empty fail.said
	run -0 cat fail
	for operation in load register fork read-status open open-records map map-records attach poll \
		read detach unregister close unload; do
		assert_line --regexp "^$operation failed=[0-9]+ tolerated=[0-9]+ errors=(ENOMEM|EAGAIN|,)*$"
	done
	# to load it takes tables, rings, a queue, devices and entries; to profile takes nothing
	assert_line --regexp "^load failed=[0-9]{2,}"
	assert_line --regexp "^(un)?register failed=[0-9] "
}

# no_leaks FILE - but for those of Linux 6.1's class_register(), which itself leaks the name of a
# class when kset_register() fails in it (mended in 6.2: "class: fix possible memory leak in
# __class_register()"). They are still there when the fuzzer has ended.
no_leaks() {
	run -0 awk 'function end() { if (leak !~ /size 8\).*__class_register/) printf "%s", leak; leak = "" }
		/^unreferenced object/ { end() } { leak = leak $0 "\n" } END { end() }' "$1"
	assert_output ""
}

@test "failed allocations leak nothing, but for the names that class_register() leaks" {
	needs fail.leaks "failing allocations"
	no_leaks fail.leaks
}

# all NAME - the sum of what the fuzzer, run by run, gave as NAME=N
all() { grep -o "\\b$1=[0-9]*" fuzz | awk -F = '{ sum += $2 } END { print sum + 0 }'; }

@test "who opens, attaches, waits and commands beside loads that fail does no harm, and is not harmed" {
	needs fail "failing allocations"
	# the last load succeeds, and a failing one may be nearly done
	run -0 sed -n 's/^opened=//p' fail
	assert [ "$output" -ge 1 ]
}

@test "samples go on all the while, and the watcher's records join on to each other" {
	# fuzz says so, and ends with 1, if not
	refute [ -s fuzz.said ]
	# fewer where the kernel is quick: operations take no time there, and samples 50 ms
	assert [ "$(all watched)" -ge $((OPERATIONS / 1000)) ]
	# in virtual time, also to the tick, but for what takes a slow kernel long
	[ ! -e kcsan ] || return 0
	run -0 awk -F longest_ms= 'NF > 1 && $2 > 200' fuzz
	assert_output ""
}

@test "the fuzzer meets all refusals that mp3.h tells of" {
	# some are rare
	[ "$OPERATIONS" -ge 100000 ] || skip "$OPERATIONS operations are too few for all of them"
	for refusal in EINVAL ESRCH EEXIST ENOENT EPERM ENOSPC EDQUOT EUSERS; do
		assert [ "$(all $refusal)" -ge 1 ]
	done
}

@test "the fuzzer's operations all reach the module, which comes and goes meanwhile" {
	cat fuzz fuzz.said
	assert_empty fuzz.said
	assert [ "$(all operations)" -ge "$OPERATIONS" ]
	# fewer while the kernel is quick
	[ -e kcsan ] || assert [ "$(all loads)" -ge $((OPERATIONS / 20000)) ]
	assert [ "$(all subjects)" -ge $((OPERATIONS / 1000)) ]
}

@test "each kind of operation succeeds at times, and fails at times" {
	run -0 awk -F '[ =]' '/tried=/ { tried[$1] += $3; succeeded[$1] += $5 }
		END { for (kind in tried)
			if (kind != "bad-pointer" && (!succeeded[kind] || succeeded[kind] == tried[kind]))
				print kind, tried[kind], succeeded[kind] }' fuzz
	assert_output ""
}

@test "afterwards there are no more processes, slabs, mappings and entries than before" {
	run -0 paste -d ' ' before after
	assert_equal ${#lines[@]} 5
	# the slabs grow by what the kernel keeps for the next one: at most 1 MiB
	run -0 awk -v more='0 1024 0 0 0' 'BEGIN { split(more, may) }
		$2 > $1 + may[NR] { print "line " NR ": " $1 " before, " $2 " after" }' <<<"$output"
	assert_output ""
	no_leaks leaks
}

@test "where data races are looked for, the module's accesses are watched" {
	needs kcsan "watch on data races"
	run -0 awk '$1 == "setup_watchpoints:" { print $2 }' kcsan
	echo "$output watched"
	assert [ "$output" -ge "$OPERATIONS" ]
}

@test "where data races are looked for, one that is put into the module is found" {
	needs kcsan "watch on data races"
	tree=$BATS_TEST_TMPDIR/tree
	mkdir "$tree"
	cp -r "$ROOT"/{mp3,experiments} "$tree"
	lend_build "$tree"
	# what fork's tracepoint reads without a lock, read and written plainly
	registry=$(cd "$tree" && find mp3 -name registry.c)
	sed -i 's/READ_ONCE(registered)/registered/; s/WRITE_ONCE(registered, \(.*\));/registered = \1;/' \
		"$tree/$registry"
	run -1 cmp -s "$ROOT/$registry" "$tree/$registry"
	# until it is found, which takes some thousand operations
	cat > "$BATS_TEST_TMPDIR/guest" <<-'END'
		echo 20 > /sys/module/kcsan/parameters/skip_watch
		echo 1000 > /sys/module/kcsan/parameters/udelay_task
		for seed in $(seq 20); do
			./fuzz $seed 5000 mp3.ko
			! dmesg | grep KCSAN || break
		done
	END
	run -254 "$tree/experiments/lab" -k kcsan -M 512 -S none -f "$(program fuzz)" \
		-f "$BATS_TEST_TMPDIR/guest" -- sh ./guest
	assert_output --partial 'the kernel complained: '
	assert_output --regexp 'BUG: KCSAN: data-race in .*(follow_fork|mp3_nothing_registered)'
}
