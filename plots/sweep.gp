# sweep.gp - where thrashing begins: throughput, utilization, lifetime and service time
#
#	gnuplot -d -c sweep.gp OUT CAPTION TABLE KNEE
#
# OUT ends in .svg or .png, TABLE is what `tabulate runs` printed, KNEE what
# `tabulate knee` did of the same runs, which differ in their argument alone: the N of each
# rule, at which a line stands in its panel.

if (ARGC != 4) {
	printerr "usage: gnuplot -d -c sweep.gp OUT CAPTION TABLE KNEE"
	exit status 2
}
out = ARG1
caption = ARG2
table = ARG3
knee = ARG4
width = 1000
height = 420
plots = ARG0[1 : strstrt(ARG0, "sweep.gp") - 1]
load plots."style.gp"

# The ends of the axes. stats only warns of what it cannot read. Where nobody faulted,
# there is no lifetime.
array columns[6] = ["n", "touches_per_second", "utilization", "swap_busy", \
	"lifetime_ms", "service_ms"]
array least[6]
array most[6]
do for [c = 1 : 6] {
	undefine STATS_*
	stats table using columns[c] nooutput
	if (!exists("STATS_max")) {
		printerr table.": no numbers in column ".columns[c]
		exit status 1
	}
	least[c] = STATS_min
	most[c] = STATS_max
}
load plots."axes.gp"
if (lines > 1) {
	printerr table.": runs that differ in more than their argument: ".names[1].", ".names[2]
	exit status 1
}
throughput = NaN
lifetime = NaN
half = NaN
stats knee using (rule = stringcolumn("rule"), n = column("n"), \
	throughput = rule eq "throughput" ? n : throughput, \
	lifetime = rule eq "lifetime" ? n : lifetime, half = rule eq "half" ? n : half, 0) nooutput

# eval line(n, words, y): a vertical one, with words beside it at that height
line(n, words, y) = n == n ? sprintf("set arrow 1 from %g, graph 0 to %g, graph 1 nohead linecolor rgb grey dashtype (4, 4); ".\
	"set label 2 \"%s\" at %g, graph %g offset 1.2, 0 left textcolor rgb grey", n, n, sprintf(words, n), n, y) : \
	"unset arrow 1; unset label 2"

# A tic at each N.
levels = ""
stats table using (levels = levels.sprintf(", %d", column("n")), 0) nooutput

set output out
set multiplot
set tmargin at screen 0.78
set bmargin at screen 0.24
set xlabel "processes"
set xrange [0 : most[1] + 1]
eval "set xtics (".levels[3 : ].")"
set key at graph 0.5, screen 0.985 center top vertical Left reverse noenhanced

set lmargin at screen 0.07
set rmargin at screen 0.32
set title "throughput (touches a second)"
unset key
eval axis("y", most[2])
eval line(throughput, "most at %d", 0.97)
plot table using "n":"touches_per_second" smooth unique with linespoints title "touches"
unset label 1

set lmargin at screen 0.39
set rmargin at screen 0.64
set title "busy (% of the time)"
set key
set yrange [0 : 100]
set ytics 0, 25, 100
eval line(half, "device below half: %d", 0.18)
set arrow 2 from graph 0, first 50 to graph 1, first 50 nohead linecolor rgb grey linewidth 0.6
plot table using "n":"utilization" smooth unique with linespoints title "CPU", \
	table using "n":"swap_busy" smooth unique with linespoints title "swap device"
unset arrow 2

set lmargin at screen 0.735
set rmargin at screen 0.985
set title "per major fault (ms)"
eval log_axis("y", least[5] < least[6] ? least[5] : least[6], most[5] > most[6] ? most[5] : most[6])
eval line(lifetime, "L not below S: %d", 0.97)
plot table using "n":"lifetime_ms" smooth unique with linespoints title "lifetime L", \
	table using "n":"service_ms" smooth unique with linespoints title "service S"
unset multiplot
