# report.mk - report.md, from what lies in results/ of the sets that it speaks of

report_sets := $(shell sed '/^#/d; s/.*	//; /\//!d' experiments/report/sets)

# Only where it is asked for: make would find out what the page reads each time.
ifneq ($(filter report.md build/facts.tsv,$(MAKECMDGOALS)),)
build/facts.tsv: experiments/report/facts experiments/report/sets build/tabulate $$(shell experiments/report/facts -l)
	@$(whole) experiments/report/facts
report.md: experiments/report/fill.awk experiments/report/report.md.in build/facts.tsv $$(shell experiments/report/facts -s)
	@$(whole) awk -f experiments/report/fill.awk build/facts.tsv experiments/report/report.md.in
endif
