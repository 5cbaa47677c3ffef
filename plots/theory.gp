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

# The ends of the axes. stats only warns of what it cannot read.
array files[10] = [touches, touches, touches, misses, misses, misses, misses, misses, misses, misses]
array columns[10] = ["accesses", "expected", "minor", "share", "miss_ratio", "standard_error", \
	"uniform_ratio", "lru_ratio", "fifo_ratio", "clock_ratio"]
array most[10]
do for [c = 1 : 10] {
	undefine STATS_*
	stats files[c] using columns[c] nooutput
	if (!exists("STATS_max")) {
		printerr files[c].": no numbers in column ".columns[c]
		exit status 1
	}
	most[c] = STATS_max
}
is(mode, value) = stringcolumn("mode") eq mode ? value : NaN
# in percentage points
measured_less(mode, name) = is(mode, 100 * (column("miss_ratio") - column(name)))
less_measured(name) = is("L", 100 * (column(name) - column("miss_ratio")))
two_errors(mode) = is(mode, 200 * column("standard_error"))

set output out
set multiplot
set tmargin at screen 0.76
set bmargin at screen 0.20
set key at graph 0.5, screen 0.985 center top vertical maxrows 3 Left reverse noenhanced

set lmargin at screen 0.075
set rmargin at screen 0.325
set title "first touches"
set xlabel "accesses (thousands)"
eval axis("x", most[1] / 1000)
eval axis("y", most[2] > most[3] ? most[2] : most[3])
plot touches using (column("accesses") / 1000):"expected" with lines title "W (1 - (1 - 1/W)^a)", \
	touches using (column("accesses") / 1000):"minor" with points linetype 2 title "minor faults"
unset label 1

set lmargin at screen 0.405
set rmargin at screen 0.655
set title "misses of uniform accesses"
set xlabel "resident share of the pages, M/W"
set ylabel "less 1 - M/W, percentage points" offset 1, 0
set xrange [0 : 1]
set xtics 0, 0.2, 1
set yrange [-1 : 1]
set ytics -1, 0.5, 1
plot 0 with lines linetype 1 title "1 - M/W", \
	misses using (is("R", column("share"))):(measured_less("R", "uniform_ratio")):(two_errors("R")) \
		with yerrorbars linetype 2 dashtype 1 title "measured, two standard errors"

set lmargin at screen 0.735
set rmargin at screen 0.985
set title "misses of accesses with locality"
set ylabel "less those measured, percentage points" offset 1, 0
set yrange [-0.5 : 0.5]
set ytics -0.5, 0.25, 0.5
# beside each other, not one on the other
beside(n) = is("L", column("share") + 0.015 * n)
plot misses using (is("L", column("share"))):(is("L", 0)):(two_errors("L")) \
		with yerrorbars linetype 2 dashtype 1 title "measured", \
	misses using (beside(1)):(less_measured("lru_ratio")) with points linetype 1 title "LRU", \
	misses using (beside(2)):(less_measured("clock_ratio")) with points linetype 3 title "CLOCK", \
	misses using (beside(3)):(less_measured("fifo_ratio")) with points linetype 4 title "FIFO", \
	misses using (beside(4)):(less_measured("random_ratio")) with points linetype 5 title "random"
unset multiplot
