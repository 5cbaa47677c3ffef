#!/usr/bin/env bats
# The build of the module and its tools, in anybody's environment.

load helpers

setup_file() {
	export ROOT=$BATS_TEST_DIRNAME/..
	"$ROOT/experiments/machine/kernel" 6.1 2>&3
	KDIR=$(readlink -f "$ROOT/build/kernel/6.1/kdir")
	export KDIR
	# mp3/ without what is built
	cp -r "$ROOT/mp3" "$BATS_FILE_TMPDIR/source"
	make -s -C "$BATS_FILE_TMPDIR/source" clean
	copy_to "$BATS_FILE_TMPDIR/mp3"
	make -s -C "$BATS_FILE_TMPDIR/mp3" 2>&3
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# copy_to DIR - what it is built from
copy_to() {
	mkdir -p "$1"
	cp -r "$BATS_FILE_TMPDIR/source/." "$1"
}

# digests DIR - of what is built
digests() { (cd "$1" && sha256sum mp3.ko monitor work); }

# kernel_says WORD... - a kernel's build directory, in ./kernel, whose make says with what words
# it was called; its configuration is WORD...
kernel_says() {
	mkdir -p kernel/include/config
	printf '%s\n' "$@" >kernel/include/config/auto.conf
	# shellcheck disable=SC2028 # these are for printf in the recipe
	printf 'modules:\n\t@printf "%%s\\n" "LLVM=$(LLVM) ARCH=$(ARCH) CROSS_COMPILE=$(CROSS_COMPILE) W=$(W)" \\\n%s\n' \
		'"CC=$(CC) CFLAGS=$(CFLAGS) O=$(O)" "env: $$(env | grep -v -e ^_= -e ^PWD= -e ^MAKE -e ^MFLAGS= | cut -d = -f 1 | sort | xargs)"' >kernel/Makefile
}

@test "what the user's variables say changes neither the module nor the tools, nor does the directory" {
	copy_to elsewhere/mp3
	run -0 env ARCH=arm64 SUBARCH=arm CROSS_COMPILE=none- KBUILD_OUTPUT=/none O=/none M=/none V=2 W=e \
		LLVM=1 LLVM_IAS=1 KCFLAGS=-none KCPPFLAGS=-none KAFLAGS=-none KBUILD_EXTMOD=/none \
		KBUILD_CFLAGS=-none KBUILD_MODPOST_WARN=1 KBUILD_SRC=/none INSTALL_MOD_PATH=/none \
		CPATH=/none C_INCLUDE_PATH=/none LIBRARY_PATH=/none GCC_EXEC_PREFIX=/none COMPILER_PATH=/none \
		LD_RUN_PATH=/none SOURCE_DATE_EPOCH=1 CPPFLAGS=-none LDLIBS=-lnone TARGET_ARCH=-none libraries=-lnone \
		PKG_CONFIG_PATH=/none PKG_CONFIG_LIBDIR=/none CDPATH=/ GREP_OPTIONS=--none POSIXLY_CORRECT=1 \
		LC_ALL=none LANG=none LANGUAGE=de \
		make -s -C elsewhere/mp3
	assert_equal "$(digests elsewhere/mp3)" "$(digests "$BATS_FILE_TMPDIR/mp3")"
	run -1 grep -c -F "$PWD" elsewhere/mp3/mp3.ko
}

@test "the kernel's build sees nothing of the environment, and of the command line what is said to be for it" {
	kernel_says
	run -0 env ARCH=arm64 LLVM=1 W=1 CC=false make -s -C "$BATS_FILE_TMPDIR/mp3" KDIR="$PWD/kernel" mp3.ko
	assert_line "LLVM= ARCH= CROSS_COMPILE= W="
	assert_line "CC=cc CFLAGS= O="
	# M and KCFLAGS are on its command line
	assert_line "env: HOME KCFLAGS LC_ALL M PATH TMPDIR"
	run -0 make -s -C "$BATS_FILE_TMPDIR/mp3" KDIR="$PWD/kernel" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- W=1 \
		CC=false CFLAGS=-none O=/none mp3.ko
	assert_line "LLVM= ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- W=1"
	assert_line "CC=cc CFLAGS= O="
}

@test "the module of a kernel that clang has compiled is compiled by clang" {
	kernel_says CONFIG_CC_IS_CLANG=y
	run -0 make -s -C "$BATS_FILE_TMPDIR/mp3" KDIR="$PWD/kernel" mp3.ko
	assert_line --partial "LLVM=1 "
	run -0 make -s -C "$BATS_FILE_TMPDIR/mp3" KDIR="$PWD/kernel" LLVM=-19 mp3.ko
	assert_line --partial "LLVM=-19 "
	kernel_says CONFIG_CC_IS_GCC=y
	run -0 make -s -C "$BATS_FILE_TMPDIR/mp3" KDIR="$PWD/kernel" mp3.ko
	assert_line --partial "LLVM= "
}

@test "without the kernel's headers, one line says so" {
	run -2 make -s -C "$BATS_FILE_TMPDIR/mp3" KDIR=/none mp3.ko
	assert_output --regexp '^Makefile:[0-9]+: \*\*\* mp3: no kernel headers in /none: install them, or name KDIR=.  Stop.$'
}

@test "a tool is built anew when its flags are others, and only then" {
	copy_to mp3
	make -s -C mp3 work
	sha256sum mp3/work >default
	touch -r mp3/work built
	make -s -C mp3 work
	[ ! mp3/work -nt built ]
	make -s -C mp3 work CFLAGS="-O0 -DQUOTED='\"it'\"'\"'s\"'"
	run -1 sha256sum --status -c default
	CFLAGS=-O2 make -s -C mp3 work
	run -0 sha256sum --status -c default
}

@test "the flags of the command line come to those that every tool is built with" {
	copy_to mp3
	run -0 make -C mp3 work CFLAGS=-O1 LDFLAGS=-Wl,-O1 CC="gcc -pipe"
	assert_line --partial "gcc -pipe -std=gnu11 -Wall -Wextra -Wshadow -Wmissing-prototypes -O1 -Wl,-O1 -o work"
}

@test "monitor is linked with what pkg-config says of ncursesw, and with ncursesw where there is none" {
	copy_to mp3
	mkdir bin
	printf '#!/bin/sh\necho "$*" >>"%s"\necho -I/none -lncursesw -lapart\n' "$PWD/asked" >bin/pkg-config
	chmod +x bin/pkg-config
	run -0 env PATH="$PWD/bin:$PATH" make -n -C mp3 monitor
	assert_line --regexp ' -o monitor.new .* -I/none -lncursesw -lapart$'
	assert_equal "$(sort -u asked)" "--cflags-only-I --libs ncursesw"
	printf '#!/bin/sh\nexit 127\n' >bin/pkg-config
	run -0 env PATH="$PWD/bin:$PATH" make -n -C mp3 monitor
	assert_line --regexp ' -o monitor.new .* tools/ring.c -lncursesw$'
}

@test "a path that make or the kernel's build cannot take is refused in one line" {
	for name in "my tree" "o'brien" a:b a,b a=b 'a#b' 'a$b' 'a%b' 'a"b' 'a;b' 'a\b' 'a*b' ä; do
		copy_to "$name/mp3"
		run -2 make -s --no-print-directory -C "$name/mp3" tools
		assert_equal "${#lines[@]}" 1
		[[ $output = *"only letters, digits and / . _ + @ ~ - in a path, which is $PWD/$name/mp3.  Stop." ]] || fail "$output"
	done
	copy_to "plain.+@~-/mp3"
	make -s -C "plain.+@~-/mp3" tools
}

@test "from another directory, one line says how" {
	run -2 make -s -f "$BATS_FILE_TMPDIR/mp3/Makefile" tools
	assert_output --regexp "^[^ ]*: \*\*\* mp3: run make where this lies: make -C $BATS_FILE_TMPDIR/mp3.  Stop.$"
	cd "$BATS_FILE_TMPDIR/mp3"
	make -s -f "$PWD/Makefile" tools
}

@test "clean leaves what was there before the build" {
	copy_to mp3
	(cd mp3 && find . | sort) >before
	make -s -C mp3 2>&3
	make -s -C mp3 clean
	(cd mp3 && find . | sort) | diff before -
}
