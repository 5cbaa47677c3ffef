# SPDX-License-Identifier: GPL-2.0
# tables.mk - the programs that make tables of runs
#
#	build/reduce	what needs the records of a run: checks it, and leaves the small tables
#	build/tabulate	tables of one or many runs, from what is committed
#	build/compare	configurations of memory management beside each other, with what chance does
#	build/oracle	theory and the best possible beside measurements, from what is committed
#
# Each is its own file and all that they share. How one reads a run is told by run.h, where it
# belongs by axes.h. The programs run where they are built, so that CFLAGS may have
# -march=native.

tables_programs := reduce tabulate compare oracle
tables_shared   := $(filter-out $(tables_programs:%=experiments/tables/%.c),$(wildcard experiments/tables/*.c))
tables_headers  := $(wildcard experiments/tables/*.h) mp3/mp3.h mp3/tools/accesses.h
tables_compile   = $(CC) $(CFLAGS) $(LDFLAGS) -std=gnu11 -Wall -Wextra -Wshadow -Wmissing-prototypes
tables_libraries := -lgsl -lgslcblas -lm

# The command that they were made with: another compiler or other CFLAGS make them again.
build/tables.command: export compile = $(tables_compile)
build/tables.command: FORCE
	@mkdir -p $(@D)
	@[ "$$(cat $@ 2> /dev/null)" = "$$compile" ] || printf '%s\n' "$$compile" > $@

$(tables_programs:%=build/%): build/%: experiments/tables/%.c $(tables_shared) $(tables_headers) \
		build/tables.command | deps-reduce
	@echo "$@"
	@$(alone); $(tables_compile) -o $@.new $(filter %.c,$^) $(tables_libraries) && mv $@.new $@

# The tables of a set of rows are named by its path. $(call profiles,SET): the files of its
# runs without their endings, $(call each,SET,FILE): such a path a row, both for a shell, which has room for more
# words than its own command; $(call of_rows,SET): what tells that the runs are there.
profiles = $$(experiments/rows -r $1)
each     = $$(experiments/rows -p $1 | sed 's|.*|results/&$2|')
of_rows  = $(shell $(axes_set) experiments/rows -p $1 | sed 's|.*|results/&/meta.tsv|')

results/%.runs.tsv: build/tabulate $$(call of_rows,$$*)
	@$(whole) build/tabulate runs $(call profiles,$*)
results/%.knee.tsv: build/tabulate $$(call of_rows,$$*)
	@$(whole) build/tabulate knee $(call profiles,$*)
results/%.seeds.tsv: build/tabulate $$(call of_rows,$$*)
	@$(whole) build/tabulate seeds $(call profiles,$*)

# of runs of one work -v that leave NAME.resident.tsv
results/%.bounds.tsv: build/oracle $$(call of_rows,$$*)
	@$(whole) build/oracle bounds $(call profiles,$*)

# what the programs of a set of rows need, see experiments/curve
results/%.programs.tsv: $$(subst /meta.tsv,.limits.tsv,$$(call of_rows,$$*))
	@$(whole) awk 'NR == 1 || FNR > 1' $(call each,$*,.limits.tsv)

results/%.touches.tsv: results/%/meta.tsv build/oracle
	@$(whole) build/oracle touches results/$*/touches
# in the order of their size; the case says which there are
results/%.misses.tsv: results/%/meta.tsv build/oracle
	@$(whole) build/oracle misses $$(for kind in random local; do ls -v results/$*/$$kind-*.data; done | sed 's/[.]data$$//')

results/%.cost.tsv: $$(call of_rows,$$*)
	@$(whole) experiments/measure/merge $(call each,$*,/cost.tsv)
results/%.register.tsv: $$(call of_rows,$$*)
	@$(whole) experiments/measure/merge $(call each,$*,/register.tsv)
results/%.rate.tsv: $$(call of_rows,$$*)
	@$(whole) experiments/measure/merge -k $(call each,$*,/rate.tsv)
