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

# made_up NAME PID MODE MB PAGE SEED ACCESSES ITERATIONS MISSES PAGES [MINOR MAJOR] - NAME.work of a work -v whose
# iterations are of so many accesses and a second long, and had as many major faults as MISSES beside the minor
# ones of first touches; and NAME.resident.tsv, of so many resident pages in the midst of each. What it reports
# of its faults are MINOR and MAJOR. NAME.string has what it accessed, a page a line.
made_up() {
	local accesses=$TABLES/accesses
	[ -x "$accesses" ] || "${CC:-gcc}" -O1 -o "$accesses" "$ROOT/bats/accesses.c"
	"$accesses" "$3" "$4" "$5" "$6" $(($7 * $8)) > "$1.string"
	awk -v name="$1" -v pid="$2" -v mode="$3" -v mb="$4" -v seed="$6" -v accesses="$7" -v misses="$9" -v pages="${10}" \
		-v minor="${11-0}" -v major="${12-0}" '
		!($1 in touched) { first++ }
		{ touched[$1] }
		NR % accesses == 0 {
			i++
			distinct += first
			printf "work: pid=%d iteration=%d begin_ns=%d000000000 end_ns=%d900000000 touches=%d distinct=%d minor=%d major=%d\n",
				pid, i, i, i, NR, distinct, first, misses > (name ".work")
			printf "%s%d500000000\t%d\n", i == 1 ? "time_ns\tpages\n" : "", i, pages > (name ".resident.tsv")
			first = 0
		}
		END {
			printf "work: pid=%d mb=%d mode=%s accesses=%d seed=%d touches=%d distinct=%d elapsed_s=%d.0 awake_s=1.0 minor=%d major=%d minor_max=%d major_max=%d\n",
				pid, mb, mode, accesses, seed, NR, distinct, i, minor, major, minor + 2, major + 2 > (name ".work")
		}' "$1.string"
}
