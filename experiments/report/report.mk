# report.mk - report.md, from the results of the sets that it speaks of
report_sets := $(shell sed '/^#/d; s/.*	//' experiments/report/sets)
