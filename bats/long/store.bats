#!/usr/bin/env bats
# bats file_tags=guest
# The size of the swap store is no knob of the memory: a machine has as much of it beside a large RAM
# disk as beside a small one. (Some minutes, and 7.5 GB of memory.)

load ../helpers

# peak STORE - MB of the largest resident set of a process that wants more than the machine has
peak() {
	"$ROOT/experiments/lab" -m sim -M 1024 -S "$1" -- ./monitor -- ./work -n 1 1200 R 600000 2>&1 |
		awk '{ for (i = 1; i <= NF; i++) if ($i == "PEAK_MB") peak = i } peak && $NF == "work" { print $peak }'
}

@test "the largest resident set of a process is the same within 1%, whatever the size of the swap store" {
	peaks=()
	for store in disk:512 disk:2048 disk:4096 disk:6144; do
		mb=$(peak $store)
		[[ $mb =~ ^[0-9.]+$ ]] || fail "$store: no peak: $mb"
		echo "$store: $mb MB"
		peaks+=("$mb")
	done
	least=$(printf '%s\n' "${peaks[@]}" | sort -n | head -n 1)
	most=$(printf '%s\n' "${peaks[@]}" | sort -n | tail -n 1)
	# it did not fit: what is less than that has been swapped out
	assert awk -v most="$most" 'BEGIN { exit !(most > 800 && most < 1024) }'
	assert awk -v least="$least" -v most="$most" 'BEGIN { exit !(most <= 1.01 * least) }'
}
