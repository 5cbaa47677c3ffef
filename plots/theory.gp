# theory.gp - faults as theory has them, and as they were measured
#
#	gnuplot -d -c theory.gp OUT CAPTION TOUCHES MISSES
#
# OUT ends in .svg or .png; TOUCHES and MISSES are what `oracle touches` and `oracle
# misses` printed.

if (ARGC != 4) {
	printerr "usage: gnuplot -d -c theory.gp OUT CAPTION TOUCHES MISSES"
	exit status 2
}
out = ARG1
caption = ARG2
touches = ARG3
misses = ARG4
width = 1000
height = 460
load ARG0[1 : strstrt(ARG0, "theory.gp") - 1]."style.gp"

# The ends of the axes, and that all columns are there. stats only warns of what it cannot read.
array files[30]
array columns[30]
nr = 0
do for [name in "accesses expected minor"] { nr = nr + 1; files[nr] = touches; columns[nr] = name }
do for [name in "share resident miss_ratio"] { nr = nr + 1; files[nr] = misses; columns[nr] = name }
do for [policy in "lru clock fifo random opt"] {
	do for [name in "ratio low high error"] { nr = nr + 1; files[nr] = misses; columns[nr] = policy."_".name }
}
array most[30]
do for [c = 1 : nr] {
	undefine STATS_*
	stats files[c] using columns[c] nooutput
	if (!exists("STATS_max")) {
		printerr files[c].": no numbers in column ".columns[c]
		exit status 1
	}
	most[c] = STATS_max
}
is(mode, value) = stringcolumn("mode") eq mode ? value : NaN
# of uniform accesses, in percentage points
less_uniform(value) = is("R", 100 * (column("miss_ratio") - column("uniform_ratio")))
two_errors(value) = is("R", 200 * column("uniform_error"))
undefine STATS_*
stats misses using (abs(less_uniform(0)) + two_errors(0)) nooutput
apart = exists("STATS_max") ? STATS_max : 1
# of those with locality, in percent of what was measured: the ratio of a policy, and its least and
# most, with two standard errors of the difference
percent(ratio, error) = is("L", 100 * ((ratio + 2 * error) / column("miss_ratio") - 1))
ratio(policy) = percent(column(policy."_ratio"), 0)
least(policy) = percent(column(policy."_low"), -column(policy."_error"))
greatest(policy) = percent(column(policy."_high"), column(policy."_error"))
top = 50
do for [policy in "lru clock fifo random opt"] {
	undefine STATS_*
	stats misses using (greatest(policy)) nooutput
	top = exists("STATS_max") && STATS_max > top ? STATS_max : top
}
# a tic for each run, with its resident pages
runs = 0
labels = ""
label_of(pages) = (runs = runs + 1, labels = labels.sprintf("%s\"%s\" %d", runs > 1 ? ", " : "", grouped(floor(pages + 0.5)), runs), 1)
stats misses using (stringcolumn("mode") eq "L" ? label_of(column("resident")) : NaN) nooutput

set output out
set multiplot
set tmargin at screen 0.76
set bmargin at screen 0.20
set key at graph 0.5, screen 0.985 center top vertical maxrows 3 Left reverse noenhanced

set lmargin at screen 0.065
set rmargin at screen 0.265
set title "first touches"
set xlabel "accesses (thousands)"
eval axis("x", most[1] / 1000)
eval axis("y", most[2] > most[3] ? most[2] : most[3])
plot touches using (column("accesses") / 1000):"expected" with lines title "expected", \
	touches using (column("accesses") / 1000):"minor" with points linetype 2 title "minor faults"
unset label 1

set lmargin at screen 0.34
set rmargin at screen 0.56
set title "misses of uniform accesses"
set xlabel "resident share of the pages, M/W"
set ylabel "less 1 - M/W, percentage points" offset 1, 0
set xrange [0.2 : 1]
set xtics 0.2, 0.2, 1
step = above(apart / 3.0)
set yrange [-3 * step : 3 * step]
set ytics -3 * step, step, 3 * step
plot 0 with lines linetype 1 title "1 - M/W", \
	misses using (is("R", column("share"))):(less_uniform(0)):(two_errors(0)) \
		with yerrorbars linetype 2 dashtype 1 title "measured, two standard errors"

# A run after another, and in each the policies beside each other, none on the other.
set lmargin at screen 0.64
set rmargin at screen 0.985
set title "misses of accesses with locality"
set xlabel "resident pages, M"
set ylabel "more or less than measured (%)" offset 1, 0
set xrange [0.5 : runs + 0.5]
top = 50 * ceil(top / 50)
set yrange [-100 : top]
set ytics -100, 50, top
eval "set xtics (".labels.")"
beside(n) = stringcolumn("mode") eq "L" ? (run = run + 1) + 0.14 * n : NaN
plot 0 with lines linetype 6 dashtype 1 title "measured", \
	run = 0 misses using (beside(-2)):(ratio("lru")):(least("lru")):(greatest("lru")) \
		with yerrorbars linetype 1 title "LRU", \
	run = 0 misses using (beside(-1)):(ratio("clock")):(least("clock")):(greatest("clock")) \
		with yerrorbars linetype 3 dashtype 1 title "CLOCK", \
	run = 0 misses using (beside(0)):(ratio("fifo")):(least("fifo")):(greatest("fifo")) \
		with yerrorbars linetype 4 dashtype 1 title "FIFO", \
	run = 0 misses using (beside(1)):(ratio("random")):(least("random")):(greatest("random")) \
		with yerrorbars linetype 5 dashtype 1 title "random", \
	run = 0 misses using (beside(2)):(ratio("opt")):(least("opt")):(greatest("opt")) \
		with yerrorbars linetype 2 dashtype 1 title "OPT"
unset multiplot
