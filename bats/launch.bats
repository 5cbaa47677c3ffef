#!/usr/bin/env bats
# bats file_tags=guest
#
# LAUNCH - the machine boots on another host: what comes back is the same, or it is said who is to blame

load helpers

LAB=$ROOT/experiments/lab
carry=$ROOT/experiments/machine/carry

# thrash - the arguments of a run that waits for its swap store
thrash=(-S ssd:512 -M 160 -- sh -c 'work -n 2 240 R 20000 2>$OUT/work; monitor >$OUT/data; echo said; echo complained >&2')

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	"$LAB" -o here "${thrash[@]}" > said 2> complaints
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir elsewhere
}

# machine COMMAND - a directory in which boot finds a machine that is that command
machine() {
	mkdir -p machine/qemu
	touch machine/{vmlinuz,initramfs,lockstep.so}
	cp "$ROOT/experiments/machine/boot" machine
	printf '#!/bin/sh\n%s\nexit\nexec qemu -m 16 -x\n' "$1" > machine/command
}

# ended_with STATUS WORDS - so boot has put it down
ended_with() {
	run -0 cat machine/ended
	assert_output --regexp "^$1	.*$2"
}

# lab_says WORDS COMMAND... - the last line, with status 75
lab_says() {
	run -75 "${@:2}"
	assert_line --index -1 --regexp "^lab: .*$1"
}

@test "behind a launcher, a machine leaves the same, to the byte, and says the same" {
	run -0 --separate-stderr env LAUNCH=env "$LAB" -o there "${thrash[@]}"
	assert_output said
	# shellcheck disable=SC2154 # run sets it
	output=$stderr assert_output --partial complained
	run -0 diff -r "$BATS_FILE_TMPDIR/here" there
}

@test "carried to where there is nothing of the tree, it does so, too, and nothing stays there" {
	run -0 --separate-stderr env LAUNCH="$carry env TMPDIR=$PWD/elsewhere sh -c" "$LAB" -o there "${thrash[@]}"
	assert_output said
	run -0 diff -r "$BATS_FILE_TMPDIR/here" there
	run -0 ls elsewhere
	assert_output ''
}

@test "the command's status is that of lab, wherever it has run" {
	run -7 --separate-stderr env LAUNCH=env "$LAB" -n -S none -M 192 -- sh -c 'exit 7'
	output=$stderr assert_output --partial 'the command failed with status 7'
	run -255 --separate-stderr env LAUNCH="$carry sh -c" "$LAB" -n -S none -M 192 -- sh -c 'echo c >/proc/sysrq-trigger'
	output=$stderr assert_output --partial 'Kernel panic'
}

@test "a launcher is told the memory, the minutes, and where not to" {
	cat > launcher <<-'END'
		#!/bin/sh
		echo "$@" | sed 's/ sh .*//' >&2
		exit 3
	END
	chmod +x launcher
	lab_says "launcher has not started it .status 3.: mb=1344 time=4," \
		env LAUNCH="./launcher mb={mb} time={minutes} not={not}" "$LAB" -n -S none -M 192 -t 120 --not hosts true
	refute_output --partial 'not='
	printf 'b\na\nb\n' > hosts
	lab_says 'not=a,b' env LAUNCH="./launcher not={not}" "$LAB" -n -S none -M 192 --not hosts true
	run -0 cat hosts
	assert_output $'b\na\nb'
}

@test "a host that is lost is told from an experiment that fails, and is put down" {
	# it begins, and then there is nothing more of it
	cat > launcher <<-'END'
		#!/bin/sh
		setsid "$@" & boot=$!
		until [ -e "${2%/*}/host" ]; do sleep 0.1; done
		kill -KILL -$boot
		echo 'the node has failed' >&2
		exit 1
	END
	chmod +x launcher
	lab_says "$(uname -n) was lost, .*the node has failed" env LAUNCH=./launcher "$LAB" -n -S none -M 192 --host host -o there true
	run -0 cat host
	assert_output "$(uname -n)"
	assert [ ! -e there ]
}

@test "boot ends its machine with its verdict" {
	machine 'echo $$ > pid; echo "0 clean" > verdict; exec sleep 1000'
	run -0 sh machine/boot
	ended_with 0 verdict
	run -1 kill -0 "$(cat machine/pid)"
	assert_equal "$(cat machine/host)" "$(uname -n)"
	run -0 env SLURMD_NODENAME=n7 sh machine/boot
	assert_equal "$(cat machine/host)" n7
}

@test "boot tells what another host could run from what none can" {
	machine 'kill -KILL $$'
	run -75 sh machine/boot
	ended_with 75 'was killed'
	machine 'echo cannot find my disk >&2; exit 1'
	run -1 sh machine/boot
	ended_with 1 'cannot find my disk'
	machine 'exit 0'
	run -1 sh machine/boot
	ended_with 1 'without a verdict'
	sed -i 's/-m 16/-m 99999999/' machine/command
	run -75 sh machine/boot
	ended_with 75 '99999999 MB of memory'
	machine 'exec sleep 1000'
	run -1 sh machine/boot -t 1
	ended_with 1 'no end after 1 s'
}

@test "boot that is told to end takes its machine with it" {
	machine 'echo $$ > pid.new; mv pid.new pid; exec sleep 1000'
	env --default-signal=TERM sh machine/boot 3>&- & boot=$!
	until_it [ -e machine/pid ]
	kill -TERM $boot
	status=0
	wait $boot || status=$?
	assert_equal $status 130
	ended_with 130 interrupted
	run -1 kill -0 "$(cat machine/pid)"
}

@test "without its connection, a machine that was carried ends" {
	machine 'echo $$ > '"$PWD"'/pid.new; mv '"$PWD"'/pid.new '"$PWD"'/pid; exec sleep 1000'
	env --default-signal=TERM TMPDIR="$PWD/elsewhere" "$carry" sh -c sh "$PWD/machine/boot" -t 1000 3>&- & carrier=$!
	until_it [ -e pid ]
	kill -KILL $carrier
	gone() { ! kill -0 "$(cat pid)" 2> /dev/null; }
	until_it gone
	clean() { [ ! "$(ls elsewhere)" ]; }
	until_it clean
}

@test "what comes back in part, or with a wrong byte, is nothing" {
	machine 'echo xyzzy > stdout; echo "0 clean" > verdict; exec sleep 1000'
	cat > part <<-'END'
		#!/bin/sh
		bytes=$1
		shift
		sh -c "$1" > whole
		head -c "$bytes" whole
	END
	chmod +x part
	for bytes in 0 700 1500; do
		"$carry" ./part $bytes sh "$PWD/machine/boot" -t 1000 || true
		run -0 ls -I host machine
		assert_output $'boot\ncommand\ninitramfs\nlockstep.so\nqemu\nvmlinuz'
	done
	printf '%s\n' '#!/bin/sh' 'sh -c "$1" | sed s/xyzzy/xyzzz/' > wrong
	chmod +x wrong
	"$carry" ./wrong sh "$PWD/machine/boot" -t 1000
	run -0 ls -I host machine
	assert_output $'boot\ncommand\ninitramfs\nlockstep.so\nqemu\nvmlinuz'
	"$carry" ./part 100000 sh "$PWD/machine/boot" -t 1000
	assert_equal "$(cat machine/stdout)" xyzzy
	ended_with 0 verdict
}
