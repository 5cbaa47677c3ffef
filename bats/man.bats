#!/usr/bin/env bats
# The manual pages: that they are well formed, and say what is true of the programs.

load helpers

setup_file() { make -s -C "$BATS_TEST_DIRNAME/../mp3" tools; }

setup() { cd "$BATS_TEST_DIRNAME/../mp3" || return; }

# rendered PAGE - as plain text, in one line
rendered() { mandoc -T ascii "$1" | col -bx | tr -s ' \n' ' '; }

@test "the pages are well formed" {
	cd man || return	# where mandoc finds the pages that they refer to
	for page in *; do
		# that other pages are not installed here is no fault of theirs
		run bash -c "mandoc -T lint $page 2>&1 | grep -v -e 'outdated mandoc.db' -e 'referenced manual not found'"
		assert_output ""
		head -n 4 "$page" | grep -q '^\.Dd [A-Z][a-z]* [0-9]*, 20[0-9][0-9]$'
	done
}

@test "the pages have the options of --help, all of them and no other" {
	for tool in monitor work; do
		assert_equal "$(mandoc -T ascii man/$tool.1 | col -bx |
			grep -oE '^ {5}(-[a-zA-Z], )?--?[a-z]+' | tr -d ' ' | sort)" \
			"$(./$tool --help | grep -oE '^ {2,6}(-[a-zA-Z], )?--[a-z]+' | tr -d ' ' | sort)"
	done
}

@test "monitor(1) has the fields of the records, the summary and the intervals, and the kinds of these" {
	page=$(rendered man/monitor.1)
	# the rows that command.bats finds in the guest
	mapfile -t fields < <(sed -n '/_columns\[\] = {/,/^}/ { s/offsetof.*//; s/[^"]*"\([a-z_]*\)"[^"]*/\1\n/gp }' tools/monitor-format.c |
		grep .; grep -ohE '"(interval|process|command|total)[-a-z]*"' tools/monitor-{rows,summary,intervals}.c | tr -d '"')
	[ ${#fields[@]} -ge 33 ]
	for field in "${fields[@]}"; do
		[[ $page == *"$field"* ]] || fail "$field is not in the page"
	done
}

@test "mp3(4) has the parameters of the module and the errnos of the ABI" {
	page=$(rendered man/mp3.4)
	for word in $(sed -n 's/^module_param(\([a-z_]*\),.*/\1/p' module/*.c) \
		$(sed -n 's/^ \*\t\(E[A-Z]*\)\t.*/\1/p; s/^ \*\t\(EOPNOTSUPP\) .*/\1/p' mp3.h); do
		[[ $page == *"$word"* ]] || fail "$word is not in the page"
	done
}
