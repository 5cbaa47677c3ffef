#!/usr/bin/env bats
# make install: into a directory of its own, never into this system.

load helpers

setup_file() {
	export ROOT=$BATS_TEST_DIRNAME/..
	export kernel=$ROOT/build/kernel/6.1
	"$ROOT/experiments/machine/kernel" 6.1 2>&3
	cd "$BATS_FILE_TMPDIR" || return
	make -s -C "$ROOT" install DESTDIR="$PWD/usr" prefix=/usr
	make -s -C "$ROOT/mp3" install DESTDIR="$PWD/local"
}

setup() { cd "$BATS_FILE_TMPDIR" || return; }

teardown() { tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server 2>/dev/null || true; }

files() { (cd "$1" && find . ! -type d | sort); }

@test "the tools, the manual, the completions, the ABI, the udev rule and the module's source are installed" {
	run -0 files usr
	assert_output - << 'END'
./usr/bin/monitor
./usr/bin/work
./usr/include/mp3.h
./usr/lib/udev/rules.d/60-mp3.rules
./usr/share/bash-completion/completions/monitor
./usr/share/bash-completion/completions/work
./usr/share/man/man1/monitor.1
./usr/share/man/man1/work.1
./usr/share/man/man4/mp3.4
./usr/src/mp3-1.0/Kbuild
./usr/src/mp3-1.0/Makefile
./usr/src/mp3-1.0/dkms.conf
./usr/src/mp3-1.0/module/buffer.c
./usr/src/mp3-1.0/module/commands.c
./usr/src/mp3-1.0/module/counts.c
./usr/src/mp3-1.0/module/device.c
./usr/src/mp3-1.0/module/internal.h
./usr/src/mp3-1.0/module/main.c
./usr/src/mp3-1.0/module/places.c
./usr/src/mp3-1.0/module/records.c
./usr/src/mp3-1.0/module/registry.c
./usr/src/mp3-1.0/module/sampler.c
./usr/src/mp3-1.0/module/status.c
./usr/src/mp3-1.0/mp3.h
END
	assert_equal "$(find usr -type f -perm 755 | sort | paste -sd ' ')" "usr/usr/bin/monitor usr/usr/bin/work"
	assert_equal "$(find usr -type f ! -perm 755 ! -perm 644)" ""
}

@test "the prefix is /usr/local, but the source always lies where DKMS looks" {
	run -0 files local
	assert_line ./usr/local/bin/monitor
	assert_line ./usr/local/lib/udev/rules.d/60-mp3.rules
	assert_line ./usr/src/mp3-1.0/dkms.conf
	assert_equal "$(files local | grep -vc -e ^./usr/local/ -e ^./usr/src/mp3-1.0/)" 0
}

@test "uninstall removes what install has installed, and nothing else" {
	cp -r local other
	touch other/usr/local/bin/theirs
	make -s -C "$ROOT" uninstall DESTDIR="$PWD/other"
	run -0 files other
	assert_output ./usr/local/bin/theirs
}

@test "a destination may have a blank and a quote in its path" {
	destination="$PWD/it's staged"
	make -s -C "$ROOT/mp3" install DESTDIR="$destination" prefix="/my own"
	assert_equal "$(files "$destination" | sed "s|^./my own/||; s|^./usr/||" | sort)" "$(files usr | sed 's|^./usr/||' | sort)"
	make -s -C "$ROOT/mp3" uninstall DESTDIR="$destination" prefix="/my own"
	assert_equal "$(files "$destination")" ""
}

# replies WORD... - what bash offers for the last of these words, with the installed tools
replies() {
	PATH=$PWD/usr/usr/bin:$PATH bash -c '
		source "usr/usr/share/bash-completion/completions/${1##*/}" || exit
		program=$1
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		# as complete -F has it called
		$(complete -p "${1##*/}" | sed "s/.* -F \([^ ]*\) .*/\1/") "$program" "${@: -1}" "${@: -2:1}"
		printf "%s\n" "${COMPREPLY[@]}"' - "$@" | paste -sd ' '
}

@test "bash completes all options that --help has, long and short, and no other" {
	for tool in monitor work; do
		assert_equal "$tool: $(replies $tool - | tr -d = | tr ' ' '\n' | sort | paste -sd ' ')" \
			"$tool: $(usr/usr/bin/$tool --help | sed -n 's/^ *\(-[A-Za-z]\)\?\(, \)\?\(--[a-z-]*\)\?.*/\1 \3/; /^ *-/p' |
				tr -s ' ' '\n' | grep . | sort | paste -sd ' ')"
		assert_equal "$tool: $(replies $tool --hel)" "$tool: --help"
	done
	# an option with an argument goes on with it
	assert_equal "$(replies work --s)" "--seed= --shared --sleep="
}

@test "bash completes the arguments of work: R and L in their place, files, and kinds of pages" {
	mkdir -p here && cd here
	touch 'a file' 'a nother'
	ln -sf ../usr .
	assert_equal "$(replies work '')" ""
	assert_equal "$(replies work 200 '')" "R L"
	assert_equal "$(replies work -n 3 --seed = 4 -r 200 '')" "R L"
	assert_equal "$(replies work 200 R '')" ""
	assert_equal "$(replies work -f 'a f')" "a file"
	assert_equal "$(replies work --file = a)" "a file a nother"
	assert_equal "$(replies work --pages = | tr ' ' '\n' | grep -v '^[0-9]' | paste -sd ' ')" "base system thp"
	assert_equal "$(replies work -p th)" "thp"
	# each size that it offers is one that work knows
	for size in $(replies work -p '' | tr ' ' '\n' | grep '^[0-9]'); do
		run usr/usr/bin/work -n 1 -p "$size" 1 R 0
		refute_output --partial "Usage:"
		refute_output --partial "not here"
	done
}

@test "bash completes the command of monitor, and files for it" {
	assert_equal "$(replies monitor -- shellchec)" "shellcheck"
	assert_equal "$(replies monitor -o summary -- tr usr/usr/inc)" "usr/usr/include"
}

# What a program says that has such options: monitor's own change.
@test "bash completes what an option's argument is named for: PIDs, also in a list, users, names of programs, keys" {
	mkdir -p other
	cat > other/monitor <<-'END'
		#!/bin/sh
		cat <<HELP
		Usage: monitor
		   some -y words
		  -q, --quite=PID[,PID]...  these
		  -u, --user=USER   his
		      --comm=NAME[,NAME]...  such
		  -o FILE           there
		  -s, --sort=KEY    by one, two or three
		  -b, --by=command  so
		HELP
	END
	chmod +x other/monitor
	sleep 100 3>&- & sleeper=$!
	until [ "$(cat /proc/$sleeper/comm)" = sleep ]; do sleep 0.02; done
	assert_equal "$(replies other/monitor -)" "--by= --comm= --quite= --sort= --user= -b -o -q -s -u"
	assert_equal "$(replies other/monitor -q "$sleeper" | tr ' ' '\n' | grep -x $sleeper)" $sleeper
	assert_equal "$(replies other/monitor --quite = "1,$sleeper" | tr ' ' '\n' | grep -x "1,$sleeper")" "1,$sleeper"
	assert_equal "$(replies other/monitor -u roo)" root
	assert_equal "$(replies other/monitor --comm slee)" sleep
	assert_equal "$(replies other/monitor --comm = none,slee)" none,sleep
	assert_equal "$(replies other/monitor -s '')" "one two three"
	assert_equal "$(replies other/monitor --sort = t)" "two three"
	assert_equal "$(replies other/monitor --by = '')" command
	assert_equal "$(replies other/monitor -o usr/usr/inc)" usr/usr/include
	kill $sleeper
}

@test "Tab in a bash without the package bash-completion completes a command line of work" {
	screen() { tmux -S "$BATS_TEST_TMPDIR/tmux" "$@"; }
	screen_says() { screen capture-pane -p | grep -q -e "$1"; }
	screen -f /dev/null new-session -d -x 100 -y 10 "PATH=$PWD/usr/usr/bin:$PATH PS1='> ' bash --norc --noprofile" 3>&-
	until_it screen_says '^>'
	screen send-keys "source usr/usr/share/bash-completion/completions/work" Enter
	screen send-keys "work --pa" Tab "sy" Tab "2 L 5 --ver" Tab Enter
	until_it screen_says 'iteration=1 '
	run -0 screen capture-pane -p
	assert_line --partial "work --pages=system 2 L 5 --verbose"
}

@test "DKMS builds the module from its source and installs it" {
	command -v dkms > /dev/null || fail "dkms is missing"
	[ "$(id -u)" = 0 ] || skip "dkms wants root"
	release=$(basename "$(dirname "$(readlink "$kernel/kdir")")")
	mkdir -p tree "modules/$release"
	run -0 dkms install --dkmstree "$PWD/tree" --sourcetree "$PWD/usr/usr/src" \
		--installtree "$PWD/modules" --kernelsourcedir "$(readlink -f "$kernel/kdir")" \
		-k "$release" -m mp3 -v 1.0 --no-depmod
	run -0 modinfo -F vermagic "$(find modules -name 'mp3.ko*')"
	assert_output --partial "$release "
}

@test "DKMS does not try kernels before 5.10, and other machines than x86_64 and aarch64" {
	# shellcheck source=/dev/null
	. "$ROOT/mp3/dkms.conf"
	for release in 5.10.0-33-amd64 5.15.0 5.19.17 6.1.0-50-cloud-amd64 6.12.1 7.3-rc1 10.0.0; do
		[[ $release =~ $BUILD_EXCLUSIVE_KERNEL ]] || fail "$release is left out"
	done
	for release in 2.6.32 4.19.0-27-amd64 5.1.21 5.4.0-200-generic 5.9.16; do
		[[ ! $release =~ $BUILD_EXCLUSIVE_KERNEL ]] || fail "$release is tried"
	done
	for machine in x86_64 aarch64; do
		[[ $machine =~ $BUILD_EXCLUSIVE_ARCH ]] || fail "$machine is left out"
	done
	for machine in i686 armv7l riscv64 s390x; do
		[[ ! $machine =~ $BUILD_EXCLUSIVE_ARCH ]] || fail "$machine is tried"
	done
}

# The class has the name of the first device (buffer.c).
@test "the udev rules are for the devices of the ABI, one to be read and written, one to be read" {
	name() { sed -n "s/^#define $1[[:space:]]*\"\(.*\)\".*/\1/p" usr/usr/include/mp3.h; }
	run -0 sed '/^#/d' usr/usr/lib/udev/rules.d/60-mp3.rules
	assert_output - << END
SUBSYSTEM=="$(name MP3_NAME)", KERNEL=="$(name MP3_NAME)", GROUP="adm", MODE="0660"
SUBSYSTEM=="$(name MP3_NAME)", KERNEL=="$(name MP3_RECORDS_NAME)", GROUP="adm", MODE="0440"
END
}
