#!/usr/bin/env bats
# The kinds of memory that work can use, where that takes root, a device of one's own, or the
# profiler. (The others: work.bats.) memory-guest finds out.

# bats file_tags=guest

load helpers

setup_file() {
	SEEN=$(guest memory)
	export SEEN
}

setup() { cd "$SEEN" || return; }

# field RUN NAME: the value of NAME=... in its report
field() { tail -n 1 "$1.said" | tr ' ' '\n' | sed -n "s/^$2=//p"; }

# first RUN NAME: that of its first iteration
first() { sed -n 's/ iteration=1 / /p' "$1.said" | tr ' ' '\n' | sed -n "s/^$2=//p"; }

# kb RUN FIELD MB: of the first mapping that is as large
kb() {
	awk -v field="$2:" -v least=$(($3 * 1024)) '$1 == "Size:" { big = !seen && $2 >= least; seen = seen || big }
		big && $1 == field { print $2 }' "$1"
}

# assert_between LOW VALUE HIGH WHAT
assert_between() { (($1 <= $2 && $2 <= $3)) || fail "$4: expected $1 to $3, got $2"; }

@test "a huge page that was set aside is one fault, whether it is stored to or read" {
	assert_equal "$(cat set-aside)" 8
	for run in reserved reserved-read reserved-shared; do
		assert_equal "$run: $(kb $run KernelPageSize 16) kB, $(sed -n 's/^in_use //p' $run) in use" "$run: 2048 kB, 8 in use"
		assert_between 8 "$(first $run minor)" 12 "minor faults of $run"
	done
	# what is touched is what base pages show
	assert_equal "$(first reserved distinct)" "$(first reserved-read distinct)"
	assert_equal "$(kb reserved Private_Hugetlb 16)" 16384
}

@test "too few huge pages set aside are one line that says how many and where, and status 1" {
	assert_equal "$(cat too-few.said)" "work: 18 MB of memory: huge pages needed: 9, free: 8; \
'echo 9 | sudo tee /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages' sets them aside
status 1"
}

@test "base pages are a fault each where the system would give huge ones to anybody" {
	assert_equal "$(kb base AnonHugePages 64) $(kb base Rss 64)" "0 $(($(first base distinct) * 4))"
	assert_between "$(first base distinct)" "$(first base minor)" "$(($(first base distinct) + 20))" "minor faults"
}

@test "transparent huge pages are a fault each, and 64 MB are 32 of them" {
	assert_equal "$(kb transparent AnonHugePages 64)" 65536
	assert_between 32 "$(first transparent minor)" 40 "minor faults"
}

@test "the pages of the system are those of its setting" {
	# the memory begins anywhere: 31 huge pages are whole in it, and beside them are small ones
	assert_between $((31 * 2048)) "$(kb system AnonHugePages 64)" 65536 "kB in huge pages"
	assert_between 32 "$(first system minor)" $((31 + 512 + 20)) "minor faults"
	assert_equal "$(kb system-never AnonHugePages 64)" 0
	assert_between "$(first base distinct)" "$(first system-never minor)" "$(($(first base distinct) + 20))" "minor faults"
}

@test "transparent huge pages that are off are one line and status 1" {
	assert_equal "$(cat transparent-never.said)" \
		"work: transparent huge pages are off: see /sys/kernel/mm/transparent_hugepage/enabled
status 1"
}

@test "a page of a file is a major fault when it has to be read, and none when it is cached" {
	read -r major kb_read < cold
	assert_equal "$(field cold major)" "$(field cold distinct)"
	assert_equal "$major" "$(field cold major)"
	# 4 KB a page, in KB
	assert_equal "$kb_read" $((major * 4))
	read -r major kb_read < warm
	assert_equal "$(field warm major) $major $kb_read" "0 0 0"
	assert_between 1 "$(field warm minor)" "$(($(field warm distinct) + 20))" "minor faults"
}

@test "the profiler counts the faults of all threads" {
	assert_between "$(field threads minor)" "$(awk '{ sum += $2 } END { print sum }' threads)" \
		"$(field threads minor_max)" "minor faults"
	assert_between "$(field threads distinct)" "$(field threads minor)" "$(($(field threads distinct) + 30))" "minor faults"
	assert_equal "$(field threads touches)" 24000
}

@test "work that is registered by command with its tree says nothing of it, and stays so" {
	assert_equal "$(sed 's/^work: pid=.*/report/' by-command.said)" "report
status 0"
	# the shell, cat, which it forked, too, and maybe a work that has just ended
	assert [ "$(wc -l < by-command)" -ge 2 ]
}
