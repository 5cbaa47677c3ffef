#!/usr/bin/env bats
# Every program of user space, built with ASan and UBSan, under the tests that use it, on this
# host and in the guest. (reduce.bats and oracle.bats build theirs so by themselves. lockstep.c
# is no program: QEMU would have to be built so, too.)
#
# What a sanitizer finds goes to a file, however its program's words and status are taken: so a
# test can neither expect it nor miss it. In the guest, that file is brought back with $OUT.
#
# Leaks are looked for on the host only. In the guest, the monitor ends with its table of
# processes, and ncurses with what it has of the terminal, in memory that nobody frees: it is
# bounded, and the end of the program frees it.

# bats file_tags=guest

load ../helpers
load ../lib/tree

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree
	"$ROOT"/experiments/machine/kernel 6.1
	mkdir -p "$tree" "$BATS_FILE_TMPDIR/found"
	cp -r "$ROOT"/{Makefile,README.md,report.md,mp3,experiments,bats,plots,results} "$tree"
	make -s -C "$tree/mp3" clean
	lend_build "$tree"
	# It comes before the sources' own first lines, so it includes nothing.
	cat > "$BATS_FILE_TMPDIR/found.h" <<-END
		extern int access(const char *path, int mode);
		extern void *dlopen(const char *name, int flags);
		extern void *dlsym(void *library, const char *name);
		extern void __sanitizer_set_report_path(const char *path);
		extern const char *__asan_default_options(void);
		static inline int in_guest(void) { return !access("/lab/job", 0); }
		__attribute__((weak)) const char *__asan_default_options(void)
		{
			return in_guest() ? "detect_leaks=0" : "detect_leaks=1";
		}
		__attribute__((constructor)) static void to_a_file(void)
		{
			const char *path = in_guest() ? "/out/found" : "$BATS_FILE_TMPDIR/found/by";
			void *ubsan = dlopen("libubsan.so.1", 5 /* RTLD_LAZY | RTLD_NOLOAD */);
			void (*set)(const char *) = dlsym(ubsan, "__sanitizer_set_report_path");
			__sanitizer_set_report_path(path);	/* that of ASan, which comes first */
			set(path);
		}
	END
	# in the makefiles, where it is a part of every program, whatever the environment says
	export instrument="-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -include $BATS_FILE_TMPDIR/found.h"
	sed -i "s|^CFLAGS *?= .*|CFLAGS := $instrument|" "$tree/Makefile" "$tree/mp3/Makefile"
}

setup() { cd "$tree" || return; }

# found - all files that a sanitizer has written; but for those that say no more than that it does not
# know where the stack ends, which it reads in /proc, and command.bats takes that away
found() {
	find "$BATS_FILE_TMPDIR/found" "$BATS_TEST_TMPDIR" \( -name 'found.*' -o -name 'by.*' \) -exec grep -l -v \
		-e '^==[0-9]*==WARNING: ASan is ignoring requested __asan_handle_no_return: stack ' \
		-e '^False positive error reports may follow$' -e '^For details see https://github.com/google/sanitizers/' {} +
}

# clean NAME... - the tests of these files pass, but for those of the bare program's memory, and
# no sanitizer finds anything
clean() {
	# as if it was not begun by a test
	mapfile -t names < <(compgen -v BATS_)
	run env "${names[@]/#/-u}" PATH="${PATH//"$BATS_LIBEXEC:"/}" \
		bats --print-output-on-failure --filter-tags '!bare' \
		--tempdir "$BATS_TEST_TMPDIR/run" --no-tempdir-cleanup "${@/%/.bats}"
	assert_success
	assert_line --regexp '^ok 1 '
	assert_equal "$(found)" ""
}

@test "an access out of bounds and an overflow are found, on the host and in the guest, and a leak on the host" {
	cat > "$BATS_TEST_TMPDIR/faulty.c" <<-'END'
		#include <limits.h>
		#include <stdlib.h>
		int main(int argc, char **argv)
		{
			volatile int most = INT_MAX;
			char *volatile memory = malloc(8);
			switch (*argv[1]) {
			case 'b': return memory[7 + argc];
			case 'l': for (; argc < 100; argc++) memory = malloc(8); return 0;
			case 'o': return most + argc;
			}
			free(memory);
			return 0;
		}
	END
	# shellcheck disable=SC2086 # a list of words
	gcc $instrument -o "$BATS_TEST_TMPDIR/faulty" "$BATS_TEST_TMPDIR/faulty.c"
	run -0 "$BATS_TEST_TMPDIR/faulty" none
	assert_equal "$(found)" ""
	for fault in bounds leak overflow; do
		run "$BATS_TEST_TMPDIR/faulty" $fault
	done
	mv "$BATS_FILE_TMPDIR/found" "$BATS_TEST_TMPDIR/host"
	mkdir "$BATS_FILE_TMPDIR/found"
	experiments/lab -n -S none -M 256 -f "$BATS_TEST_TMPDIR/faulty" -o "$BATS_TEST_TMPDIR/guest" -- \
		sh -c 'faulty none && for fault in bounds leak overflow; do faulty $fault || true; done'
	for place in host guest; do
		grep -h -o -e heap-buffer-overflow -e 'detected memory leaks' -e 'signed integer overflow' \
			"$BATS_TEST_TMPDIR/$place"/{found,by}.* | sort -u > "$BATS_TEST_TMPDIR/$place.found"
	done
	assert_equal "$(cat "$BATS_TEST_TMPDIR/host.found")" \
		"$(printf '%s\n' 'detected memory leaks' heap-buffer-overflow 'signed integer overflow')"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/guest.found")" \
		"$(printf '%s\n' heap-buffer-overflow 'signed integer overflow')"
}

@test "the programs are built so" {
	make -s tools build/reduce build/oracle
	for program in mp3/{work,monitor} build/{reduce,oracle}; do
		run -0 ldd "$program"
		assert_output --partial libasan
		assert_output --partial libubsan
	done
}

@test "the monitor and work, under their tests without the module" { clean bats/work bats/monitor; }

@test "the monitor and work in the guest: commands, traces, records and the live view" {
	clean bats/command bats/live
}

@test "reduce and oracle, on all that is committed" { clean bats/report; }
