# shellcheck shell=bash
# build_tables - reduce, tabulate, compare and oracle with sanitizers, in $TABLES: once for all files of
# tests that want them
build_tables() {
	export TABLES=$BATS_RUN_TMPDIR/tables
	mkdir -p "$TABLES/main"
	(
		flock 9
		[ ! -e "$TABLES/built" ] || exit 0
		compile="${CC:-gcc} -fsanitize=address,undefined -fno-sanitize-recover=all"
		cd "$TABLES" || exit
		# shellcheck disable=SC2086 # words
		$compile -std=gnu11 -g -O1 -Wall -Wextra -Wshadow -Wmissing-prototypes -Werror \
			-I"$ROOT/mp3" -I"$ROOT/mp3/tools" -c "$ROOT"/experiments/tables/*.c || exit
		mv reduce.o tabulate.o compare.o oracle.o main
		for program in reduce tabulate compare oracle; do
			# shellcheck disable=SC2086 # words
			$compile -o $program main/$program.o ./*.o -lgsl -lgslcblas -lm || exit
		done
		touch built
	) 9> "$TABLES/lock"
}
