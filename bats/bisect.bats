#!/usr/bin/env bats
# A kernel of a source tree of one's own, and what git bisect is told of it. The tree is none of Linux, but is
# made as that is: its kernel is what its source says. Nor is there a machine: make says of a kernel what that
# would have shown.

load helpers

# a tree, under git, its two commits, and what a compiler of a kernel needs
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p shims project linux/{scripts/kconfig,include,arch/x86/include,kernel}
	cp -r "$ROOT/experiments" project
	"$ROOT/experiments/machine/tools" amd64
	mkdir project/build
	ln -s "$ROOT/build/tools" project/build
	for tool in flex bison bc; do ln -s "$(command -v true)" shims/$tool; done
	export PATH=$PWD/shims:$PATH GIT_CONFIG_GLOBAL=$PWD/gitconfig
	git config --global user.name nobody
	git config --global user.email nobody@example.org
	git config --global init.defaultBranch main
	KERNEL=$PWD/project/experiments/machine/kernel

	cat > linux/Makefile <<-'END'
		.RECIPEPREFIX = >
		tree := $(dir $(realpath $(lastword $(MAKEFILE_LIST))))
		tinyconfig:
		> echo 'include $(tree)Makefile' > $(O)/Makefile
		> echo '# CONFIG_TINY is not set' > $(O)/.config
		bzImage: arch/x86/boot/bzImage
		arch/x86/boot/bzImage: $(tree)kernel/core.c
		> mkdir -p $(@D) arch/x86/include scripts include/config
		> @echo '  CC      kernel/core.o'
		> gcc -fsyntax-only $<
		> cp $< $@
		modules: bzImage
		> touch Module.symvers
		> echo 6.1.0$(LOCALVERSION) > include/config/kernel.release
		modules_install: modules
		> mkdir -p $(INSTALL_MOD_PATH)/lib/modules/6.1.0$(LOCALVERSION)
		> ln -s $(CURDIR) $(INSTALL_MOD_PATH)/lib/modules/6.1.0$(LOCALVERSION)/build
	END
	cat > linux/scripts/kconfig/merge_config.sh <<-'END'
		#!/bin/sh
		config=$1
		shift
		cat "$@" | awk -F = '!/UNKNOWN/ { set[$1] = $0 } END { for (option in set) print set[option] }' >> "$config"
	END
	chmod 755 linux/scripts/kconfig/merge_config.sh
	touch linux/arch/x86/Makefile linux/arch/x86/include/asm.h linux/include/linux.h
	sed -n 's/^CONFIG_\(.*\)=[ym]/config \1/p' "$ROOT"/experiments/machine/{guest,tree}.config > linux/Kconfig
	git -C linux init -q
	commit 'int good;'
	first=$(abbreviated)
}

# commit SOURCE - of the tree's
commit() {
	echo "$1" > linux/kernel/core.c
	git -C linux add -A
	git -C linux commit -q -m "$1"
}

abbreviated() { git -C linux rev-parse --short=12 HEAD; }

# compiled - how many files the last call has
compiled() { grep -c ' CC ' project/build/objects/log/make || true; }

@test "a kernel of a tree has its commit in its name, and the tree is only read" {
	run -0 --separate-stderr "$KERNEL" --tree linux
	built=$PWD/project/build/trees/6.1.0-g$first
	kdir=$built/lib/modules/6.1.0-g$first/build
	assert_output "KERNEL=$built/vmlinuz-6.1.0-g$first KDIR=$kdir"
	cmp "$built/vmlinuz-6.1.0-g$first" linux/kernel/core.c
	for file in Makefile Module.symvers .config arch/x86/Makefile arch/x86/include/asm.h include/linux.h include/config/kernel.release \
		scripts/kconfig/merge_config.sh; do
		assert [ -f "$kdir/$file" ]
	done
	cmp "$kdir/Makefile" linux/Makefile
	assert_equal "$(git -C linux status --porcelain --ignored)" ""
	assert_equal "$(ls project/build/trees)" "6.1.0-g$first"

	echo 'int changed;' > linux/kernel/core.c
	run -0 --separate-stderr "$KERNEL" --tree linux
	assert_output --partial "/vmlinuz-6.1.0-g$first-dirty "
	rm -rf linux/.git
	run -0 --separate-stderr "$KERNEL" --tree linux
	assert_output --partial "/vmlinuz-6.1.0 "
	cmp "$built/vmlinuz-6.1.0-g$first" <(echo 'int good;')
}

@test "of the next commit only what differs is compiled" {
	"$KERNEL" --tree linux
	assert_equal "$(compiled)" 1
	touch linux/another
	git -C linux add another
	git -C linux commit -q -m another
	run -0 "$KERNEL" --tree "$PWD/linux/../linux"
	assert_equal "$(compiled)" 0
	assert_output --partial "vmlinuz-6.1.0-g$(abbreviated)"
	commit 'int different;'
	"$KERNEL" --tree linux
	assert_equal "$(compiled)" 1
}

@test "a source that does not compile is told from what else is wrong, in one line, and nothing is left of it" {
	# says STATUS REGEXP ARGUMENT...
	says() {
		run "$KERNEL" --tree "${@:3}"
		echo "$output"
		assert_equal "$status" "$1"
		assert_line --index $((${#lines[@]} - 1)) --regexp "^kernel: $2$"
		run -0 ls project/build/trees
		assert_output ""
	}
	mkdir -p project/build/trees
	commit 'int good'
	says 3 "cannot compile linux-g$(abbreviated): .*error: expected .*\(log: .*/log/make\)" linux
	sed -i 's/^tinyconfig:/&\n> @echo "there is no such error"; false/' linux/Makefile
	says 3 "cannot configure linux-g$(abbreviated)-dirty: there is no such error \(log: .*/log/config\)" linux
	git -C linux checkout -q .
	says 2 '--tree of which directory\?'
	says 2 'nowhere is no directory' nowhere
	says 2 'shims is no source tree of Linux' shims
	says 2 'there is no nothing.config' linux nothing.config
	mkdir 'the tree'
	cp -r linux/scripts 'the tree'
	says 1 '.*/the tree: make, ld or QEMU cannot take this path: .*' 'the tree'
	touch linux/.config
	says 1 '.*/linux has been compiled in: run make mrproper there' linux
	rm linux/.config shims/bc
	[ -x /usr/bin/bc ] || says 1 'bc is missing on this host' linux
}

@test "an option of the guest's that a source has no more is left out, and one of the user's must be" {
	echo CONFIG_UNKNOWN=y > mine.config
	run -3 "$KERNEL" --tree linux mine.config
	assert_output --partial 'cannot have CONFIG_UNKNOWN=y'
	# of the guest's, this cannot be had
	sed -i 's/UNKNOWN/CONFIG_SMP=/' linux/scripts/kconfig/merge_config.sh
	run -3 "$KERNEL" --tree linux
	assert_output --partial 'cannot have CONFIG_SMP=y'
	sed -i '/^config SMP$/d' linux/Kconfig
	run -0 "$KERNEL" --tree linux
	echo CONFIG_MINE=y > mine.config
	run -0 "$KERNEL" --tree linux mine.config
	grep -q -x CONFIG_MINE=y project/build/trees/*/lib/modules/*/build/.config
}

# fake_make - that of the project says what file `said` does, in which RELEASE is the kernel's, and its
# status is what is in `status`; but if the kernel's source says so, it thrashes
fake_make() {
	{
		echo '#!/bin/sh'
		echo "make=$(command -v make) top=$PWD"
	} > shims/make
	cat >> shims/make <<-'END'
		case "$*" in
		*" compare "*) ;;
		*) exec "$make" "$@" ;;
		esac
		printf '%s\n' "$@" > "$top/words"
		kernel=$(sed -n 's/^B=.*KERNEL=\([^ ]*\) .*/\1/p' "$top/words")
		! grep -q thrash "$kernel" || {
			echo 'compare: major > 5%: major of B is +20.0%'
			exit 2
		}
		sed "s/RELEASE/${kernel##*/vmlinuz-}/" "$top/said"
		exit "$(cat "$top/status")"
	END
	chmod 755 shims/make
	: > said
	echo 0 > status
}

# asked WORD... - as git bisect asks, in the tree
asked() { (cd linux && "$BATS_TEST_TMPDIR/project/experiments/bisect" "$@" CASES=case3 A=KERNEL=6.1 FAIL_IF='major > 5%'); }

# answers STATUS SAID STATUS_OF_MAKE
answers() {
	echo "$2" > said
	echo "$3" > status
	echo "$2"
	run -"$1" asked
}

@test "git bisect is told whether a commit is good, is bad, or cannot be tested, or that there is something else" {
	fake_make
	answers 0 '| Major Faults |' 0
	assert_line --regexp "^bisect: 6.1.0-g$first is good: major > 5% does not hold$"
	answers 1 'compare: major > 5%: major of B is +7.0%' 2
	assert_line --regexp "^bisect: 6.1.0-g$first is bad: major > 5%$"

	failing='make: *** [experiments/runs.mk:43: build/rows/sim'
	for status in 254 255 137; do
		answers 125 "$failing-RELEASE-160-ssd256-1/short] Error $status" 2
	done
	answers 125 "lab: cannot build mp3.ko for RELEASE: error: what?
$failing-RELEASE-160-ssd256-1/short] Error 1" 2
	# the host's, A's, make's
	answers 128 "$failing-RELEASE-160-ssd256-1/short] Error 1" 2
	answers 128 "$failing-6.1-160-ssd256-1/short] Error 255" 2
	answers 128 "make: *** [experiments/runs.mk:60: build/repeated/sim-6.1-160-ssd256-1/short] Error 1" 2
	answers 128 "compare: -f: no such figure: majors" 2
	assert_equal "$(cat "project/build/trees/6.1.0-g$first/bisect.log")" "compare: -f: no such figure: majors"

	commit 'int good'
	run -125 asked
}

@test "B is the commit's kernel and what the words say of it, and all other words are make's" {
	fake_make
	echo CONFIG_MINE=y > mine.config
	run -0 asked -c ../mine.config SWAP=ssd B="vm.swappiness=10 MEM=160" N="1 2"
	assert_equal "$(tail -n +4 words | sed "s|$PWD|TOP|g")" "compare
SWAP=ssd
B=vm.swappiness=10 MEM=160
N=1 2
CASES=case3
A=KERNEL=6.1
FAIL_IF=major > 5%
B=KERNEL=TOP/project/build/trees/6.1.0-g$first/vmlinuz-6.1.0-g$first KDIR=TOP/project/build/trees/6.1.0-g$first/lib/modules/6.1.0-g$first/build vm.swappiness=10 MEM=160"
	grep -q -x CONFIG_MINE=y project/build/trees/*/lib/modules/*/build/.config
}

@test "words that make no sense end the search, before anything is compiled" {
	fake_make
	# ends MESSAGE WORD...
	ends() {
		run -128 sh -c 'cd linux && exec ../project/experiments/bisect "$@"' sh "${@:2}"
		assert_output "$1 (-h for help)"
		assert [ ! -e project/build/objects ]
	}
	ends 'bisect: A= what?'
	ends 'bisect: FAIL_IF= what?' A=KERNEL=6.1 CASES=case3
	ends 'bisect: CASES= what?' A=KERNEL=6.1 FAIL_IF='major > 5%'
	ends "bisect: case3 is no word of make compare's" case3
	ends "compare: -f: not a condition as 'major > 5%': major" A=KERNEL=6.1 CASES=case3 FAIL_IF=major
	ends 'compare: fast is neither an axis nor a knob' A=KERNEL=6.1 CASES=case3 FAIL_IF='major > 5%' B=fast
	run -128 project/experiments/bisect A=KERNEL=6.1 CASES=case3 FAIL_IF='major > 5%'
	assert_output --regexp '^kernel: . is no source tree of Linux'
	run -0 project/experiments/bisect -h
	assert_line --index 0 --regexp '^bisect - '
}

@test "git bisect finds the commit, around one that does not compile" {
	fake_make
	for source in 'int a;' 'int b;' 'int broken' 'int c;' 'int thrash;' 'int thrash, d;' 'int thrash, e;'; do
		commit "$source"
	done
	cd linux
	git bisect start HEAD "$first"
	run -0 git bisect run ../project/experiments/bisect CASES=case3 A=KERNEL=6.1 FAIL_IF='major > 5%'
	assert_output --regexp "is the first bad commit"
	assert_equal "$(git log -1 --format=%s refs/bisect/bad)" 'int thrash;'
	assert_equal "$(git status --porcelain --ignored)" ""
}

@test "an interrupted search compiles no longer, and has no answer" {
	fake_make
	sed -i "s|gcc -fsyntax-only|touch $PWD/waiting; sleep 1000; &|" linux/Makefile
	# a shell has its background jobs ignore Ctrl-C
	(cd linux && exec env --default-signal=INT setsid ../project/experiments/bisect \
		CASES=case3 A=KERNEL=6.1 FAIL_IF='major > 5%' > ../output 2>&1 3>&-) &
	pid=$!
	until_it [ -e waiting ]
	kill -INT -- -$pid
	status=0
	wait $pid || status=$?
	assert_equal $status 130
	# nobody is left of its session
	until_it eval '[ ! "$(pgrep -s $pid)" ]'
	assert_equal "$(ls project/build/trees)" ""
}
