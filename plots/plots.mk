# plots.mk - the figures: plots/SET.FIGURE.svg, drawn by FIGURE.gp from the tables of that set of rows
#
# $(call draw,TABLE...): as SVG

draw = @plots/draw $@ $1

plots/%.profile.svg: results/%/meta.tsv plots/profile.gp plots/style.gp plots/draw build/reduce build/tabulate | deps-plots
	$(call draw)
plots/%.course.svg: plots/course.gp plots/axes.gp plots/style.gp plots/draw build/tabulate $$(call of_rows,$$*) | deps-plots
	$(call draw)
plots/%.levels.svg: results/%.runs.tsv plots/levels.gp plots/axes.gp plots/style.gp plots/draw | deps-plots
	$(call draw,$<)
plots/%.sweep.svg: results/%.runs.tsv plots/sweep.gp plots/axes.gp plots/style.gp plots/draw | deps-plots
	$(call draw,$<)
plots/%.seeds.svg: results/%.seeds.tsv results/%.runs.tsv plots/seeds.gp plots/style.gp plots/draw | deps-plots
	$(call draw,$< $(word 2,$^))
plots/%.theory.svg: results/%.touches.tsv results/%.misses.tsv plots/theory.gp plots/style.gp plots/draw | deps-plots
	$(call draw,$< $(word 2,$^))
plots/%.bench.svg: results/%.cost.tsv plots/bench.gp plots/style.gp plots/draw | deps-plots
	$(call draw,$<)
plots/%.curve.svg: results/%.curve.tsv results/%.limits.tsv plots/curve.gp plots/style.gp plots/draw | deps-plots
	$(call draw,$< $(word 2,$^))

plots/%.curves.svg: $$(subst /meta.tsv,.curve.tsv,$$(call of_rows,$$*)) plots/curves.gp plots/style.gp plots/draw | deps-plots
	$(call draw,'$(filter %.tsv,$^)')
plots/%.programs.svg: results/%.runs.tsv plots/programs.gp plots/axes.gp plots/style.gp plots/draw | deps-plots
	$(call draw,$<)

# of all comparisons of a list of configurations that the report makes
plots/compare/%.configurations.svg: $$(shell experiments/report/facts -c $$*) plots/configurations.gp plots/style.gp plots/draw | deps-plots
	$(call draw,$(filter %.tsv,$^))
