#!/usr/bin/env bats
# What befalls the suite itself: a full disk, a download that is cut short, a make that is
# killed, two makes at once, a read-only results/. Each is a clear line, nothing half-written
# stays, and the next make is right: that is, its results are those of an undisturbed one.
#
# In a copy of the tree, with a case that takes a second. Where it does not matter what the
# machine does, a lab that knows by heart what the first run left takes its place.

load helpers

variant=sim-6.1-none-mem192

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree kept=$BATS_FILE_TMPDIR/kept
	export waiting=$BATS_FILE_TMPDIR/waiting MEMORY=$BATS_FILE_TMPDIR/memory
	"$ROOT/experiments/kernel"
	mkdir -p "$tree/build" "$tree/results" "$MEMORY"
	cp -r "$ROOT"/Makefile "$ROOT"/mp3 "$ROOT"/experiments "$tree"
	mkdir "$tree/plots"
	cp "$ROOT"/plots/*.gp "$tree/plots"
	make -s -C "$tree/mp3" clean
	ln -s "$ROOT/build/kernel" "$tree/build/kernel"
	cat > "$tree/experiments/case3" <<-'END'
		#!/bin/sh
		. ./profile
		one() { nice ./work -n 2 -s "${SEED}01" 16 R 1000; }
		profile "profile3-$1" one
	END
	make_shims
	cd "$tree" || return
	small case3 2>&3
	cp -r results/$variant "$kept"
	for file in "$kept"/*; do
		case $file in
		*.meta.tsv) cp "$file" "$MEMORY/meta.tsv" ;;
		*) cp "$file" "$MEMORY" ;;
		esac
	done
}

setup() {
	export SAID=$BATS_TEST_TMPDIR/said
	cd "$tree" || return
	cp "$ROOT/experiments/lab" experiments
	rm -f results/*/case3.tsv
}

teardown() {
	rm -f "$waiting"
	cd /
	[ ! "${mounted:-}" ] || umount "${mounted[@]}"
}

# small TARGET... - make with the smallest of all machines
small() { nice -n 5 make N=1 SWAP=none MEM=192 "$@"; }

by_heart() {
	cat > experiments/lab <<-'END'
		#!/bin/sh
		while getopts o:f: option; do [ "$option" != o ] || out=$OPTARG; done
		mkdir -p "$out"
		exec cp "$MEMORY"/* "$out"
	END
}

# make_shims - programs that wait, when they are called as $STALL says, in the middle of their
# work if they get several files, until $waiting is removed
make_shims() {
	mkdir "$BATS_FILE_TMPDIR/shims"
	cat > "$BATS_FILE_TMPDIR/shims/cc" <<-'END'
		#!/bin/bash
		PATH=${PATH#*:}
		tool=${0##*/}
		case "$tool $*" in
		${STALL:-never})
			[ $# -lt 4 ] || [[ $tool != [mc][vp] ]] || { "$tool" "$1" "${@: -1}"; shift; }
			: > "$waiting"
			while [ -e "$waiting" ]; do sleep 0.05; done
			;;
		esac
		exec "$tool" "$@"
	END
	chmod 755 "$BATS_FILE_TMPDIR/shims/cc"
	for tool in cpio cp dpkg-deb gnuplot gzip ld mkdir mv rm tar touch; do
		cp "$BATS_FILE_TMPDIR/shims"/{cc,$tool}
	done
}

# start STALL TARGET... - small, in the background, in a process group of its own, with these
# shims; sets pid; the words go to $SAID.PID
start() {
	STALL=$1 PATH=$BATS_FILE_TMPDIR/shims:$PATH setsid env --default-signal bash -c \
		'exec > "$SAID.$$" 2>&1 nice -n 5 make N=1 SWAP=none MEM=192 "$@"' - "${@:2}" 3>&- &
	pid=$!
}

# reach PID CONDITION... - wait for it, as long as that make is there
reach() {
	for _ in {1..1200}; do
		! "${@:2}" || return 0
		kill -0 "$1" 2> /dev/null || break
		sleep 0.1
	done
	fail "never: ${*:2}; $(cat "$SAID.$1")"
}

# begin STALL TARGET... - start, until it waits there
begin() {
	start "$@"
	reach $pid test -e "$waiting"
}

# machine_of PID - whether that make has one. Its words come too late: they are looked for once
# a second, and the machine may be done by then
machine_of() { pgrep -g "$1" qemu-system > /dev/null; }

# go_on - from there
go_on() { rm "$waiting"; }

# failed PID - in the end
failed() {
	if wait "$1"; then
		fail "it succeeded: $(cat "$SAID.$1")"
	fi
}

# killed SIGNAL PID - with all that it has started; what takes no notice goes on
killed() {
	kill -"$1" -- -"$2"
	rm -f "$waiting"
	for _ in {1..50}; do
		pgrep -g "$2" > /dev/null || break
		sleep 0.1
	done
	run ! pgrep -a -g "$2"
}

half_written() { find results build/runs plots -name '*.new*' -o -name '.lab*'; }

# nothing_half - whatever lies there is whole, or it is said to be incomplete by the provenance
# that is missing
nothing_half() {
	[ ! -e results/$variant/profile3-1.meta.tsv ] || diff -r -x '*.new' "$kept" results/$variant
}

# right - the results are those of the undisturbed run, and nothing else is there
right() {
	run -0 diff -r "$kept" results/$variant
	assert_equal "$(half_written)" ""
	assert_equal "$(ls build/lab)" ""
}

# needs_mounts - or the test is skipped
needs_mounts() {
	[ "$(id -u)" = 0 ] || skip "only root mounts a small disk"
	mkdir -p "$BATS_TEST_TMPDIR/mount"
	mount -t tmpfs -o size=64k none "$BATS_TEST_TMPDIR/mount" || skip "nothing can be mounted here"
	umount "$BATS_TEST_TMPDIR/mount"
}

# small_disk SIZE DIR... - a disk at each, with what lay there
small_disk() {
	needs_mounts
	for dir in "${@:2}"; do
		cp -r "$dir" "$BATS_TEST_TMPDIR/was"
		mount -t tmpfs -o "size=$1" none "$dir"
		mounted+=("$(realpath "$dir")")
		cp -r "$BATS_TEST_TMPDIR/was/." "$dir"
		rm -r "$BATS_TEST_TMPDIR/was"
	done
}

# fill DIR - to the last byte
fill() { run ! dd if=/dev/zero of="$1/filling" bs=4k status=none; }

@test "a case that is killed while it compiles, packs, boots or unpacks is right the next time" {
	rm -rf results/* build/runs build/reduce build/mp3
	# each make goes on from what the one before it has left
	for stall in 'cc *build/reduce.new*' 'ld *mp3.ko*' 'cpio *' 'cp */out/./*'; do
		begin "$stall" case3
		killed KILL $pid
		nothing_half
	done
	small case3
	right
}

@test "a make that is told to end ends its machine, and leaves nothing" {
	touch experiments/case3
	for signal in INT TERM; do
		start never case3
		reach $pid machine_of $pid
		killed $signal "$pid"
		right
	done
	# as by kill, which does not know of the others
	start never case3
	reach $pid machine_of $pid
	kill $pid
	failed $pid
	reach $$ eval '! pgrep -g $pid'
	right
}

@test "a make that is killed while it checks or delivers is right the next time" {
	by_heart
	for stall in 'gzip *profile3-1*' 'mkdir results*' 'cp build/runs*' 'rm *meta.tsv' \
		'mv *counters.tsv *' 'mv *meta.tsv *' 'touch build/runs*'; do
		# where nothing has been before, and where complete results lie
		for signal in NONE INT TERM KILL; do
			if [ $signal = NONE ]; then
				rm -r results/*
				signal=KILL
			fi
			touch experiments/case3
			begin "$stall" case3
			killed $signal "$pid"
			nothing_half
			[ $signal = KILL ] || assert_equal "$signal at $stall: $(half_written)" "$signal at $stall: "
			small -s case3
			right
		done
	done
}

@test "a table or a figure that is killed while it is made is not there, and right the next time" {
	by_heart
	for target in results/$variant/case3.tsv plots/$variant/case3.svg; do
		small "$target"
		cp "$target" "$BATS_TEST_TMPDIR/undisturbed"
		for signal in INT TERM KILL; do
			rm "$target"
			begin "mv *${target##*/}" "$target"
			killed $signal "$pid"
			assert [ ! -e "$target" ]
			[ $signal = KILL ] || assert_equal "$(half_written)" ""
			small -s "$target"
			cmp "$target" "$BATS_TEST_TMPDIR/undisturbed"
			assert_equal "$(half_written)" ""
		done
	done
}

@test "of two makes that want the same run, one waits, says so, and finds it done" {
	rm -rf results/* build/runs
	start never case3
	first=$pid
	start never case3
	second=$pid
	wait $first
	wait $second
	assert_equal "$(cat "$SAID.$first" "$SAID.$second" | grep -c 'done in')" 1
	assert_equal "$(grep -h "^build/runs.*waiting" "$SAID.$first" "$SAID.$second")" \
		"build/runs/$variant/profile3-1: another make is at it; waiting"
	right
}

@test "a make that is begun while the orphans of a killed one are at it waits for them, and finds it done" {
	by_heart
	touch experiments/case3
	begin 'cp build/runs*' case3
	first=$pid
	kill -KILL $first
	start never case3
	reach $pid grep -qs waiting "$SAID.$pid"
	go_on
	wait $pid
	assert_equal "$(cat "$SAID.$pid")" "build/runs/$variant/profile3-1: another make is at it; waiting"
	right
}

@test "two makes that want the same program, table or figure make it one after the other" {
	by_heart
	for target in build/reduce results/$variant/case3.tsv plots/$variant/case3.svg; do
		small "$target"
		cp "$target" "$BATS_TEST_TMPDIR/undisturbed"
		rm "$target"
		begin "mv *${target##*/}" "$target"
		first=$pid
		start never "$target"
		reach $pid grep -qs "${target%.*}.*: another make is at it; waiting" "$SAID.$pid"
		go_on
		wait $first
		wait $pid
		cmp "$target" "$BATS_TEST_TMPDIR/undisturbed"
		assert_equal "$(half_written)" ""
	done
}

@test "what another make has made since one began is not made again" {
	by_heart
	table=results/$variant/case3.tsv figure=plots/$variant/case3
	small $table $figure.svg
	# as the recipes of a make would be that began a day ago
	export started
	started=$(date -d yesterday +%s)
	sources=results/$variant/profile3-1.data run -0 sh -c '. experiments/atomic; whole "$1" echo new' - $table
	assert_output ""
	sources=$table run -0 sh -c '. experiments/atomic; alone "$1" "$2"; echo new' - $figure.png $figure.svg
	assert_output ""
	# of two files, each must be there, and not older
	touch -d '1 hour ago' $figure.svg
	small $figure.svg
	assert [ ! $figure.svg -ot $table ]
	rm $figure.svg
	small $figure.svg
	assert [ -s $figure.svg ]
	# what was there before is made, whatever its time, if make wants it
	for want in -B "-W $table"; do
		rm -f was
		ln $figure.svg was
		# shellcheck disable=SC2086 # two words
		small $want $figure.svg
		assert [ ! was -ef $figure.svg ]
	done
}

@test "a disk that is full when the machine is packed, or when it hands over its results, is named" {
	needs_mounts
	mkdir "$BATS_TEST_TMPDIR/disk"
	small_disk 400m "$BATS_TEST_TMPDIR/disk"
	cp -a Makefile mp3 experiments plots results build "$BATS_TEST_TMPDIR/disk"
	cd "$BATS_TEST_TMPDIR/disk"
	touch experiments/case3

	begin 'cpio *' case3
	fill .
	go_on
	failed $pid
	assert_equal "$(grep -c 'No space left on device' "$SAID.$pid")" 1
	rm filling
	right

	start never case3
	reach $pid compgen -G 'build/lab/*/console.log' > /dev/null
	fill .
	failed $pid
	run -0 grep lost "$SAID.$pid"
	assert_output --regexp '^lab: the machine was lost: .*; the disk is full, after .* s \(see command and console.log in .*\)$'
	rm -r filling build/lab/*
	right

	small case3
	right
}

@test "a disk that is full when results, tables or figures are written is named, and what was there stays" {
	by_heart
	small plots/$variant/case3.svg
	cp plots/$variant/case3.{svg,png} "$BATS_TEST_TMPDIR"
	small_disk 200k results plots
	fill results
	fill plots

	touch experiments/case3
	run ! small case3
	assert_line "run: cannot write results/$variant: No space left on device; the run's files are in build/runs/$variant/profile3-1.new"
	assert_equal "$(half_written)" "build/runs/$variant/profile3-1.new"
	rm -r build/runs/$variant/profile3-1.new
	rm -f results/filling results/$variant/case3.tsv
	right

	fill results
	run ! small results/$variant/case3.tsv
	assert_line "reduce: standard output: No space left on device"
	assert [ ! -e results/$variant/case3.tsv ]

	rm results/filling
	small results/$variant/case3.tsv
	run ! small plots/$variant/case3.svg
	assert_line "plots/case3.gp: cannot write all of plots/$variant/case3.svg"
	cmp plots/$variant/case3.svg "$BATS_TEST_TMPDIR/case3.svg"
	assert_equal "$(half_written)" ""

	rm plots/filling
	small case3 plots/$variant/case3.svg
	for type in svg png; do
		cmp plots/$variant/case3.$type "$BATS_TEST_TMPDIR/case3.$type"
	done
	rm results/$variant/case3.tsv
	right
}

@test "a results directory that cannot be written is named before anything is run" {
	small_disk 200k results
	mount -o remount,ro "${mounted[0]}"
	touch experiments/case3
	run ! small case3
	assert_line --regexp "^mkdir: cannot create directory .results/$variant/profile3-1.new.: Read-only file system$"
	refute_output --partial "lab:"
	run ! small results/$variant/case3.tsv
	assert_line --regexp "results/$variant/case3.tsv.new: Read-only file system$"
	mount -o remount,rw "${mounted[0]}"
	by_heart
	small case3
	right
}

# make_mirror DIR - a mirror of a Debian with a kernel that has all which is looked for, and
# is none
make_mirror() {
	local release=6.1.0-0-cloud-amd64 packages=$1/dists/bookworm/main/binary-amd64 gpg
	mkdir -p "$1/pool" "$packages" "$BATS_TEST_TMPDIR/deb"
	(
		cd "$BATS_TEST_TMPDIR/deb" || exit
		mkdir -p image/boot "image/lib/modules/$release" "headers/usr/src/linux-headers-$release"
		head -c 300000 /dev/urandom > "image/boot/vmlinuz-$release"
		touch "image/lib/modules/$release"/modules.{order,builtin}
		echo 'include /usr/src/linux-headers-6.1.0-0-common/Makefile' > "headers/usr/src/linux-headers-$release/Makefile"
		echo 'override CC = $(CROSS_COMPILE)gcc-12' > "headers/usr/src/linux-headers-$release/.kernelvariables"
		for kind in image headers; do
			mkdir "all-$kind"
			package "$kind" "linux-$kind-$release"
			package "all-$kind" "linux-$kind-cloud-amd64" "linux-$kind-$release"
		done
	)
	for deb in "$1"/pool/*; do
		dpkg-deb -f "$deb"
		echo "Filename: pool/${deb##*/}"
		echo "Size: $(stat -c %s "$deb")"
		echo "SHA256: $(sha256sum "$deb" | cut -d ' ' -f 1)"
		echo
	done > "$packages/Packages"
	{
		echo "Origin: Debian"
		echo "Suite: oldstable"
		echo "Codename: bookworm"
		echo "Architectures: amd64"
		echo "Components: main"
		echo "Date: $(date -u -R)"
		echo "SHA256:"
		echo " $(sha256sum "$packages/Packages" | cut -d ' ' -f 1) $(stat -c %s "$packages/Packages") main/binary-amd64/Packages"
	} > "$BATS_TEST_TMPDIR/Release"
	gpg=(gpg --homedir "$BATS_TEST_TMPDIR/gpg" --batch --quiet --passphrase '')
	mkdir -m 700 "$BATS_TEST_TMPDIR/gpg"
	"${gpg[@]}" --quick-gen-key nobody@example.org ed25519 sign never
	"${gpg[@]}" --export > "$BATS_TEST_TMPDIR/keys.gpg"
	"${gpg[@]}" --clearsign -o "$1/dists/bookworm/InRelease" "$BATS_TEST_TMPDIR/Release"
	gpgconf --homedir "$BATS_TEST_TMPDIR/gpg" --kill all
}

# package DIR NAME [DEPENDENCY] - of what is in DIR
package() {
	mkdir "$1/DEBIAN"
	printf '%s\n' "Package: $2" "Version: 6.1.0-0" "Architecture: amd64" \
		"Maintainer: nobody <nobody@example.org>" "${3:+Depends: $3}" "Description: none" |
		grep . > "$1/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$1" "$mirror/pool/$2_6.1.0-0_amd64.deb" > /dev/null
}

# unpack_kernel - until it begins with that
unpack_kernel() {
	STALL='dpkg-deb -x *linux-image*' PATH=$BATS_FILE_TMPDIR/shims:$PATH setsid bash -c \
		'exec > "$SAID.$$" 2>&1 experiments/kernel' 3>&- &
	pid=$!
	reach $pid test -e "$waiting"
}

@test "a kernel whose download is cut short, or is not what it should be, is not there, and the next time it is" {
	mirror=$BATS_TEST_TMPDIR/mirror
	make_mirror "$mirror"
	mkdir -p "$BATS_TEST_TMPDIR/tree/experiments"
	cd "$BATS_TEST_TMPDIR/tree"
	cp "$ROOT/experiments/kernel" experiments
	export DEBIAN_MIRROR=copy:$mirror DEBIAN_KEYRING=$BATS_TEST_TMPDIR/keys.gpg

	deb=$(echo "$mirror"/pool/linux-image-6*.deb)
	cp "$deb" "$BATS_TEST_TMPDIR/whole.deb"
	truncate -s -1000 "$deb"
	run -1 experiments/kernel
	assert_line --regexp '^kernel: cannot get 6.1 from bookworm: E: .*linux-image-6'
	assert_equal "$(ls build/kernel)" "$(printf '%s\n' apt lock)"

	# as long, with other bytes at its end
	head -c 1000 /dev/zero >> "$deb"
	run -1 experiments/kernel
	assert_line --regexp '^kernel: cannot get 6.1 from bookworm: E: .*linux-image-6'
	assert_equal "$(ls build/kernel)" "$(printf '%s\n' apt lock)"

	# cut short where nothing else sees it: between the download and the unpacking
	cp "$BATS_TEST_TMPDIR/whole.deb" "$deb"
	unpack_kernel
	deb=$(echo build/kernel/6.1.new/deb/linux-image-6*.deb)
	head -c 100000 "$deb" > half	# this one, not what it may be a link to
	mv half "$deb"
	go_on
	failed $pid
	run -0 tail -n 1 "$SAID.$pid"
	assert_output --regexp '^kernel: cannot unpack linux-image-6.*deb$'
	assert_equal "$(ls build/kernel)" "$(printf '%s\n' apt lock)"

	unpack_kernel
	killed KILL $pid
	assert [ ! -e build/kernel/6.1 ]

	run -0 experiments/kernel
	assert_line "kernel: 6.1: linux-image-6.1.0-0-cloud-amd64 6.1.0-0 is in build/kernel/6.1"
	dpkg-deb --fsys-tarfile "$BATS_TEST_TMPDIR/whole.deb" | tar -x -O ./boot/vmlinuz-6.1.0-0-cloud-amd64 |
		cmp - build/kernel/6.1/vmlinuz
	assert_equal "$(ls build/kernel)" "$(printf '%s\n' 6.1 apt lock)"
}
