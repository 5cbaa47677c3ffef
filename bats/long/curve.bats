#!/usr/bin/env bats
# A whole curve, of a program that sorts a small file in a small machine: what its tables say fulfils what curve
# promises, and it is there when it is asked for again.
# shellcheck disable=SC2154 # bats sets stderr

load ../helpers
load ../lib/tree

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree row=sim-6.1-128-disk64-1/program-sort
	scratch_tree "$tree"
	cd "$tree" || return
	# 3 MB, no two lines the same: that the sort has 8 MB of its own, and reads it once
	seq 1 400000 | awk '{ print ($1 * 7919) % 1000003 }' > numbers
	words=(curve COMMAND="sort -n -S 8M -o /dev/null numbers" PACKAGES=coreutils FILES=numbers MEM=128 SWAP=disk:64)
	export results=$tree/results/$row
	make -s build/reduce build/tabulate 2>&3 >&2
	make -s "${words[@]}" > said 2> progress || { cat progress >&2; return 1; }
	mkdir kept
	cp "$results".{curve,limits}.tsv "plots/$row.curve.svg" kept
	touch before
	make -s "${words[@]}" > said.again 2> progress.again
}

setup() { cd "$tree" || return; }

# column FILE NAME... - of a table, a line a row
column() {
	awk -F '\t' -v names="${*:2}" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ n = split(names, name, " "); for (i = 1; i <= n; i++) printf "%s%s", (i > 1 ? " " : ""), (name[i] in at ? $at[name[i]] : "?"); print "" }' "$1"
}

@test "the points of a curve are sorted, and the first one is what the others are compared with" {
	run -0 column "$results.curve.tsv" memory_kb seconds slowdown ended
	assert [ ${#lines[@]} -ge 8 ]
	assert_line --index 0 --regexp '^max [0-9.]+ 1.0000 itself$'
	run -0 awk 'NR == 1 { first = $2; next }
		NR > 2 && $1 + 0 >= last { print "not sorted: " $0 }
		$3 < $2 / first - 1e-4 || $3 > $2 / first + 1e-4 { print "no slowdown: " $0 }
		{ last = $1 + 0 }' <<< "$output"
	assert_output ''
	# a limit is of the grid, and of whole pages of 16 KiB
	run -0 awk 'NR > 1 { k = int(16 * log($1 / 1024) / log(2) + ($1 > 1024 ? 0.5 : -0.5)); at = 1024 * 2 ^ (k / 16); if ($1 % 16 || $1 > at + 8 || $1 < at - 8) print }' \
		<(column "$results.curve.tsv" memory_kb)
	assert_output ''
}

@test "thresholds are bracketed to a step of the grid, by runs that are on both sides of them" {
	read -r enough_5 little_5 enough_2 little_2 enough_40 little_40 < <(
		column "$results.limits.tsv" enough_5_percent little_5_percent enough_2_times little_2_times enough_40_times little_40_times)
	slowdown_of() { column "$results.curve.tsv" memory_kb slowdown ended | awk -v kb="$1" '$1 == kb { print $3 == "itself" ? $2 : 1000 }'; }
	# bracket THRESHOLD ENOUGH LITTLE - a step is 2^(1/16); that limits are of whole 16 KiB is half a percent of 3 MB
	bracket() {
		awk -v t="$1" -v enough="$2" -v little="$3" -v at="$(slowdown_of "$2")" -v below="$(slowdown_of "$3")" 'BEGIN {
			if (at == "" || below == "" || at > t || below <= t) { print t ": " at " at " enough ", " below " at " little; exit 1 }
			if (enough / little > 2 ^ (1 / 16) * 1.01) { print t ": " enough " and " little " are farther apart than a step"; exit 1 } }'
	}
	run -0 bracket 1.05 "$enough_5" "$little_5"
	run -0 bracket 2 "$enough_2" "$little_2"
	assert [ "$enough_5" -ge "$enough_2" ]
	assert [ "$enough_2" -ge "$enough_40" ]
	assert [ "$little_40" != nan ]
	run -0 slowdown_of "$little_40"
	awk -v at="$output" 'BEGIN { exit !(at > 40) }'
	# nothing was run below what was 40 times as slow
	assert_equal "$(column "$results.limits.tsv" last_kb)" "$little_40"
	assert_equal "$(column "$results.limits.tsv" runs)" "$(($(wc -l < "$results.curve.tsv") - 1))"
}

# The sort has 8 MB; with less than its buffer it cannot be at its best, with all that it has ever had it is.
@test "a program that needs a buffer of 8 MB needs that much memory, and not twice as much with all that it reads" {
	read -r enough little < <(column "$results.limits.tsv" enough_5_percent little_5_percent)
	assert [ "$little" -lt $((20 * 1024)) ]
	assert [ "$enough" -gt $((6 * 1024)) ]
	run -0 cat said
	assert_line --regexp '^program-sort needs [0-9.]+ MB: with that, it takes at most 5% longer than at its best, which is [0-9.]+ s'
}

@test "the digests of a curve are those of its runs" {
	run -0 column "$results.curve.tsv" run inputs_sha256 outcome_sha256
	for line in "${lines[@]}"; do
		read -r run inputs outcome <<< "$line"
		meta=${run%/*}/meta.tsv
		assert_equal "$run: $(sed '/^seconds	/,$d' "$meta" | sha256sum | cut -d ' ' -f 1)" "$run: $inputs"
		assert_equal "$run: $(grep '^digest[.]' "$meta" | sha256sum | cut -d ' ' -f 1)" "$run: $outcome"
		# and so are the digests of what was left
		while read -r file digest; do
			[ ! -e "${run%/*}/$file" ] || assert_equal "$file: $(sha256sum < "${run%/*}/$file" | cut -d ' ' -f 1)" "$file: $digest"
		done < <(sed -n 's/^digest[.]//p' "$meta")
	done
	assert_equal "$(column "$results.curve.tsv" inputs_sha256 | sort -u | wc -l)" "${#lines[@]}"
}

@test "a curve that is asked for again runs nothing, and is the same" {
	run -0 diff said said.again
	# whatever a run has left is older
	run -0 find results build/rows -name '*.records.tsv.gz' ! -newer before
	assert [ ${#lines[@]} -ge 8 ]
	run -0 find results build/rows -type f -newer before ! -path "results/$row.*"
	assert_output ''
	for ending in curve limits; do run -0 cmp "kept/program-sort.$ending.tsv" "$results.$ending.tsv"; done
	run -0 cmp kept/program-sort.curve.svg "plots/$row.curve.svg"
}
