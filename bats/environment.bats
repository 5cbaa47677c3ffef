#!/usr/bin/env bats
# bats file_tags=guest
# Anybody's environment: variables, paths, packages, terminals, libraries. One test of each kind.

load helpers
load lib/tree

LAB=$ROOT/experiments/lab

setup() { cd "$BATS_TEST_TMPDIR" || return; }

teardown() { tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server 2>/dev/null || true; }

# copy_tree DIR - what lab needs, with the kernel that is here already
copy_tree() {
	mkdir -p "$1"
	cp -r "$ROOT/experiments" "$ROOT/mp3" "$1"
	lend_build "$1"
}

gone() { ! grep -qs '^State:[^Z]*$' "/proc/$1/status"; }

# fake_qemu COMMAND - which it executes in the place of a machine, when it has left its PID
fake_qemu() {
	cat >qemu <<-END
		#!/bin/sh
		case " \$* " in
		*" --version "* | *" -monitor stdio "* | *" -L help "*) echo fake; exit ;;
		esac
		: >console.log
		echo \$\$ >'$PWD/pid.new'
		mv '$PWD/pid.new' '$PWD/pid'
		$1
	END
	chmod +x qemu
}

# in_terminal COMMAND - in a terminal of its own
in_terminal() {
	env -u TMUX tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null new-session -d -x 100 -y 30 "sh -c '$1'"
}

screen_says() { tmux -S "$BATS_TEST_TMPDIR/tmux" capture-pane -p | grep -q -e "$1"; }

type_keys() { tmux -S "$BATS_TEST_TMPDIR/tmux" send-keys "$@"; }

@test "variables that programs listen to change nothing in what goes into a run" {
	"$LAB" --inputs -- true >were
	run -0 --separate-stderr env CDPATH=. ARCH=arm CROSS_COMPILE=none- KBUILD_OUTPUT=/nonexistent KDIR=/nonexistent \
		CPATH=/nonexistent LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 POSIXLY_CORRECT=1 GREP_COLORS=x \
		GZIP=-1 TAR_OPTIONS=--nonesuch XZ_OPT=-9 CPIO_OPTIONS=x MODPROBE_OPTIONS=--nonesuch \
		QEMU_AUDIO_DRV=x QEMU_MODULE_DIR=/nonexistent LD_PRELOAD= ENV=/nonexistent IFS=/ \
		"$LAB" --inputs -- true
	assert_equal "$output" "$(cat were)"
	cd "$ROOT"
	run -0 env CDPATH=/:. experiments/machine/kernel 6.1
	assert_output ''
}

@test "a path that make or the loader cannot take is said in one line" {
	local name program
	for name in 'my tree' "o'brien" a:b a,b 'a=b' 'a#b' 'a$b' 'a%b' 'a"b'; do
		mkdir "$name"
		cp -r "$ROOT/experiments" "$name"
		for program in lab machine/kernel; do
			run -1 "$name/experiments/$program"
			assert_output --partial "$name"
			assert_output --partial 'cannot take this path'
			assert_equal "${#lines[@]}" 1
		done
	done
}

@test "a run without lockstep does not count" {
	cp "$ROOT/build/tools/amd64/root/bin/busybox" static
	run -1 env QEMU="$PWD/static" "$LAB" -n -S none -- true
	assert_output --regexp '^lab: QEMU does not load .*lockstep.so'
	assert_equal "${#lines[@]}" 1

	# it is loaded, but what it has to hold is never called
	fake_qemu 'mkdir -p result out; echo 1 >result/seconds; tar -cf results.tar result out; echo 0 clean >verdict'
	run -255 env QEMU="$PWD/qemu" "$LAB" -n -S none -o results -- true
	assert_output --regexp 'the machine was lost: lockstep.so was not at work \(l+\)'
	evidence=$(sed -n 's/.*console.log in \([^)]*\).*/\1/p' <<<"$output")
	rm -r "${evidence:?}"
	run ! ls results
}

@test "a build directory from which nothing can be executed is said in one line" {
	unshare -m true 2>/dev/null || skip 'nobody can mount one here'
	mkdir -p noexec/build
	cp -r "$ROOT/experiments" noexec
	run -1 unshare -m sh -euc 'mount -t tmpfs -o noexec tmpfs noexec/build
		ln -s "$0/build/kernel" "$0/build/tools" noexec/build
		exec noexec/experiments/lab -n -S none -- true' "$ROOT"
	assert_output --regexp 'lab: QEMU does not load .*lockstep.so: .*(map segment|not permitted)'
}

@test "a package is there for a host of two architectures, and under another name" {
	mkdir bin
	cat >bin/dpkg-query <<-'END'
		#!/bin/sh
		echo 'installed amd64 zlib1g, '
		echo 'installed i386 zlib1g, '
		echo 'installed amd64 libelf1t64, libelf1 (= 0.192-4)'
		echo 'installed i386 other, '
		echo 'config-files amd64 gone, '
		echo 'installed all data, old-data, older-data (= 1)'
	END
	printf '#!/bin/sh\necho amd64\n' >bin/dpkg
	chmod +x bin/*
	run -0 env PATH="$PWD/bin:$PATH" AUTO_DEPS=0 "$ROOT/experiments/packages" zlib1g libelf1 libelf1t64 data old-data older-data
	assert_output ''
	run -1 env PATH="$PWD/bin:$PATH" AUTO_DEPS=0 "$ROOT/experiments/packages" zlib1g other gone libelf
	assert_output --regexp 'install them with: .* other gone libelf$'
}

@test "a kernel that is not known, and one without headers, are said in one line" {
	run -2 "$LAB" -k 9.9 -- true
	assert_output --partial 'there is no kernel 9.9: one of '
	assert_equal "${#lines[@]}" 1
	run -1 env KDIR="$PWD/build" "$LAB" --inputs -m host -- true
	assert_output --regexp "^lab: no kernel headers of .* in $PWD/build: install linux-headers-.*, or name KDIR=$"
	assert_equal "${#lines[@]}" 1
}

@test "the log of a build that failed stays with its run" {
	copy_tree tree
	echo '#error spoilt' >>tree/mp3/mp3.h
	run -1 tree/experiments/lab -- true
	assert_output --partial spoilt
	[[ "$output" =~ log:\ ([^\)]*) ]]
	log=${BASH_REMATCH[1]}
	sed -i '$d' tree/mp3/mp3.h
	tree/experiments/lab --inputs -- true >/dev/null
	run -0 grep -c spoilt "$log"
}

@test "a program finds its libraries, wherever they were found" {
	local where
	mkdir -p program/lib elsewhere
	for where in one two; do
		echo "int $where(void) { return 1; }" >$where.c
		cc -shared -fPIC -o lib$where.so $where.c
	done
	mv libone.so program/lib
	mv libtwo.so elsewhere
	echo 'int one(void), two(void); int main(void) { return one() + two() == 2 ? 42 : 1; }' >main.c
	cc -o program/main main.c -Lprogram/lib -Lelsewhere -lone -ltwo -Wl,-rpath,'$ORIGIN/lib'
	run -1 "$LAB" -n -S none -f program/main -- main
	assert_output --partial 'main needs libtwo.so, which is not found'
	cd program	# where its name is its path
	run -42 env LD_LIBRARY_PATH=../elsewhere "$LAB" -n -S none -f main -- main
	[[ "$output" =~ console.log\ in\ ([^\)]*) ]]
	rm -r "${BASH_REMATCH[1]}"
}

@test "the machine's C library is that of its packages, or this host's if a program needs a newer one" {
	local library=/lib/x86_64-linux-gnu/libc.so.6
	echo 'int main(void) { return 0; }' >main.c
	$("$LAB" --compiler) -o ordinary main.c
	run -0 "$LAB" -n -S none -f ordinary -- sh -c "sha256sum $library; nice ordinary"
	assert_line "$(sha256sum <"$ROOT/build/tools/amd64/root$library" | sed "s|-$|$library|")"
	refute_output --partial newer

	# neither has such a one; but it is seen that it is asked for
	sed 's/GLIBC_2[.]34/GLIBC_2.99/' ordinary >modern
	chmod +x modern
	run -0 "$LAB" -n -S none -f ordinary -f modern -- sh -c "sha256sum $library; nice ordinary"
	assert_line "lab: modern needs a newer C library than the machine's: it gets this host's"
	assert_line "$(sha256sum <"$library" | sed "s|-$|$library|")"
}

@test "a program that is linked statically, and a script, need no libraries" {
	echo 'int main(void) { return 42; }' >main.c
	$("$LAB" --compiler) -static -o static main.c
	$("$LAB" --compiler) -static-pie -o static-pie main.c
	printf '#!/bin/sh\nstatic; [ $? = 42 ] && static-pie; [ $? = 42 ] && echo ran\n' >script
	chmod +x script
	run -0 "$LAB" -n -S none -f static -f static-pie -f script -- script
	assert_line --index 0 ran
	assert_line --index 1 --partial 'lab: done in '
	assert_equal ${#lines[@]} 2
}

@test "the terminal is as it was after QEMU was killed" {
	fake_qemu 'stty raw -echo; exec sleep 1000'
	in_terminal "stty -g >before; QEMU=$PWD/qemu $LAB -n -S none 2>words; stty -g >after.new; mv after.new after"
	until_it [ -e pid ]
	until_it grep -q sleep "/proc/$(cat pid)/comm"
	kill -KILL "$(cat pid)"
	until_it [ -e after ]
	run -0 diff before after
	run -0 grep -c 'the machine was lost' words
	run="$(sed -n 's/.*console.log in \([^)]*\).*/\1/p' words)"
	rm -r "${run:?}"
}

@test "a signal ends a lab with a shell, and its machine" {
	local signal
	fake_qemu 'exec sleep 1000'
	for signal in TERM KILL; do
		rm -f pid after
		in_terminal "echo \$\$ >lab; (QEMU=$PWD/qemu exec $LAB -n -S none 2>words); echo \$? >after.new; mv after.new after"
		until_it [ -s pid ]
		machine=$(cat pid)
		lab=$(awk '{ print $4 }' "/proc/$machine/stat")
		run="$(readlink "/proc/$machine/cwd")"
		kill -$signal "$lab"
		until_it [ -e after ]
		until_it gone "$machine"
		[ $signal = KILL ] || assert_equal "$(cat after)" 130
		rm -rf "${run:?}"
	done
}

@test "a machine that hangs under a shell can be left" {
	in_terminal "$LAB -n -S none 2>words; echo \$? >after.new; mv after.new after"
	until_it grep -qs 'Ctrl-A x' words
	# QEMU has the terminal when it has its console
	run="$(sed -n 's/.*comes back, to \(.*\)\/out\. .*/\1/p' words)"
	until_it [ -e "$run/console.log" ]
	until_it eval '[ -e after ] || { type_keys C-a x; sleep 1; false; }'
	assert_equal "$(cat after)" 255
	rm -r "${run:?}"
}

@test "what a shell leaves in OUT is brought back, and one is greeted" {
	in_terminal "$LAB -n -S none -o results 2>words; echo \$? >after.new; mv after.new after"
	until_it screen_says '^/mp3 #'
	until_it eval 'screen_says left || { type_keys "echo data >\$OUT/file; echo le\$((0))ft | tr -d 0" Enter; sleep 2; false; }'
	type_keys exit Enter
	until_it [ -e after ]
	assert_equal "$(cat after)" 0
	run -0 cat results/file
	assert_output data
	run -0 cat words
	assert_line --regexp '^lab: a shell in the machine sim, Linux .* There lie .*progress'
	assert_line --regexp 'leave in \$OUT comes back, to .*/results\. exit or Ctrl-D leaves'
}

@test "comments are all that a script loses on its way into the machine" {
	local file
	cat >tricky <<-'END'
		#!/bin/sh
		# gone
		a=1	# gone
		echo "# stays" '# stays
		# stays' $# ${a#1} "$(echo '#' "# stays" # gone
		)" \
		  "a#b" $((1 << 2)) # gone
		cat <<EOF; cat <<-'two'
		# stays
		EOF
			# stays
			two
		case $a in #) gone
		x) ;; esac
	END
	run -0 "$ROOT/experiments/machine/code" tricky
	refute_output --partial gone
	assert_equal "$(grep -o '# stays' <<<"$output" | wc -l)" 6
	# bash knows best what a script means
	meaning() { bash -c "$(printf 'f() {\n'; cat "$1"; printf '\n}; declare -f f')"; }
	for file in tricky "$ROOT"/experiments/machine/{init,inside,profile,kernel,code} "$ROOT"/experiments/lab \
		"$ROOT"/mp3/multiprogramming.sh "$ROOT"/bats/*-guest; do
		"$ROOT/experiments/machine/code" "$file" >filtered
		sh -n filtered
		assert_equal "$(meaning filtered)" "$(meaning "$file")"
	done
}
