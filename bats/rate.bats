#!/usr/bin/env bats
# When samples come while a process thrashes, on any kernel and swap model: a device that takes
# the CPU for its requests, and a kernel that submits them without a break, could keep the sampler
# from it. In one guest, see rate-guest.

# bats file_tags=guest

load helpers

setup_file() { export seen; seen=$(guest rate); }

setup() { cd "$seen" || return; }

@test "while a process thrashes, no sample is more than 16 ms late, and none is left out" {
	# 12 or 13 ticks of 4 ms apart, and 4 ticks more; with preempt=voluntary, Linux 6.12 hands
	# one request after the other to the device. The last sample comes when work ends.
	hz=$(awk '$1 == "hz" { print $2 }' ../meta.tsv)
	run -0 awk -v hz="$hz" 'NR > 1 { gap = ($1 - last) * 1000 / hz; if (gap > largest) largest = gap }
		NR == 1 { first = $1 } { last = $1 } END { print NR, (last - first) * 20 / hz, largest }' thrashing.data
	read -r samples due largest <<<"$output"
	echo "$samples samples, $due were due, the largest gap is $largest ms"
	[ "${largest%.*}" -le 68 ]
	[ "$samples" -ge "${due%.*}" ]
	[ "$(sed 's/.*major=\([0-9]*\) .*/\1/' work)" -gt 1000 ]
}
