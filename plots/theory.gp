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
array files[9] = [touches, touches, touches, misses, misses, misses, misses, misses, misses]
array columns[9] = ["accesses", "expected", "minor", "share", "pages", "major_ratio", \
	"refault_ratio", "lru_ratio", "uniform_ratio"]
array most[9]
do for [c = 1 : 9] {
	undefine STATS_*
	stats files[c] using columns[c] nooutput
	if (!exists("STATS_max")) {
		printerr files[c].": no numbers in column ".columns[c]
		exit status 1
	}
	most[c] = STATS_max
}
is(mode, value) = stringcolumn("mode") eq mode ? value : NaN
measured(mode) = is(mode, column("major_ratio") + column("refault_ratio"))

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
set xrange [0 : 1]
set xtics 0, 0.2, 1
set yrange [0 : 1]
set ytics 0, 0.2, 1
plot 1 - x with lines linetype 1 title "1 - M/W", \
	misses using (is("R", column("share"))):(measured("R")) with points linetype 2 \
		title "measured"

set lmargin at screen 0.735
set rmargin at screen 0.985
set title "misses of accesses with locality"
eval log_axis("y", 0.01, 1)
plot misses using (is("L", column("share"))):"lru_ratio" with points linetype 1 title "LRU", \
	misses using (is("L", column("share"))):(measured("L")) with points linetype 2 \
		title "measured", \
	misses using (is("L", column("share"))):"uniform_ratio" with points linetype 3 \
		title "1 - M/W"
unset multiplot
