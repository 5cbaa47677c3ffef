# bench.gp - what a sample of a process costs, over the number of processes
#
#	gnuplot -d -c bench.gp OUT CAPTION COST
#
# OUT ends in .svg or .png; COST has a row a tool and number of processes,
# the cost.tsv of all of a machine's rows, in any order.

if (ARGC != 3) {
	printerr "usage: gnuplot -d -c bench.gp OUT CAPTION COST"
	exit status 2
}
out = ARG1
caption = ARG2
cost = ARG3
width = 900
height = 560
load ARG0[1 : strstrt(ARG0, "bench.gp") - 1]."style.gp"

array tools[7] = ["module", "module+map", "module+monitor", "proc", "perf", "perf-threads", "pidstat"]
array names[7] = ["mp3, the module alone", "mp3, and a reader of the map", "mp3, and monitor -p -f", \
	"loop over open /proc/PID/stat", "perf stat -I 50, sums only", "perf stat -I 50 --per-thread", \
	"pidstat -r -u"]
is(tool, value) = stringcolumn("tool") eq tool ? value : NaN

# What is not of this tool is no point of its line.
set datafile missing NaN

# The ends of the axes. stats only warns of what it cannot read.
least = 1e300
most = 0
do for [t = 1 : 7] {
	undefine STATS_*
	stats cost using (is(tools[t], column("instructions"))) nooutput
	if (!exists("STATS_max")) {
		printerr cost.": no numbers of ".tools[t]
		exit status 1
	}
	least = STATS_min < least ? STATS_min : least
	most = STATS_max > most ? STATS_max : most
}
undefine STATS_*
stats cost using "processes" nooutput

# a colour more than the palette has
set linetype 7 linecolor rgb "#000000" linewidth 1.8 dashtype (2, 4) pointtype 2 pointsize 0.9
set linetype cycle 7

set output out
set lmargin at screen 0.12
set rmargin at screen 0.97
set bmargin at screen 0.17
set tmargin at screen 0.83
set key at screen 0.545, screen 0.985 center top vertical maxrows 4 Left reverse noenhanced
set xlabel "processes"
set ylabel "instructions a process and sample"
set logscale xy
set xrange [STATS_min * 0.8 : STATS_max * 1.25]
set yrange [below(0.8 * least) : above(most)]
set xtics 10
set ytics 1, 10
set format xy "%.0f"
set decimalsign "."
set label 2 "goal: 200" at STATS_min, 200 left offset 0, -0.7 textcolor rgb grey
set arrow from graph 0, first 200 to graph 1, first 200 nohead linestyle 1 dashtype 2
plot for [t = 1 : 7] cost using "processes":(is(tools[t], column("instructions"))) \
		smooth unique with linespoints linetype t title names[t]
