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
height = 600
load ARG0[1 : strstrt(ARG0, "bench.gp") - 1]."style.gp"

# Five tools that print what each sample has, four readers that do not, and the module that nobody reads.
array tools[10] = ["module+monitor", "perf-threads", "perf", "pidstat", "bpftrace", \
	"module+map", "iterator", "taskstats", "proc", "module"]
array names[10] = ["mp3, and monitor -p -f", "perf stat -I 50 --per-thread", "perf stat -I 50, sums only", \
	"pidstat -r -u 1", "bpftrace, by events", \
	"mp3, and a reader of the map", "a BPF iterator over tasks", "taskstats over netlink", "a loop over /proc/PID/stat", \
	"mp3, the module alone"]
is(tool, value) = stringcolumn("tool") eq tool ? value : NaN

# What is not of this tool is no point of its line.
set datafile missing NaN

# The ends of the axes. stats only warns of what it cannot read.
least = 1e300
most = 0
do for [t = 1 : |tools|] {
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

# The lines of tools that print are solid, and their points filled; the colours come round.
array printed[5] = [7, 5, 9, 11, 13]
array quiet[5] = [6, 4, 8, 10, 2]
do for [t = 1 : 5] {
	set linetype t dashtype 1 pointtype printed[t] pointsize 0.9
}
set linetype 6 linecolor rgb "#0072b2" linewidth 1.8 dashtype (8, 4) pointtype quiet[1] pointsize 0.9
set linetype 7 linecolor rgb "#d55e00" linewidth 1.8 dashtype (8, 4) pointtype quiet[2] pointsize 0.9
set linetype 8 linecolor rgb "#009e73" linewidth 1.8 dashtype (8, 4) pointtype quiet[3] pointsize 0.9
set linetype 9 linecolor rgb "#cc79a7" linewidth 1.8 dashtype (8, 4) pointtype quiet[4] pointsize 0.9
set linetype 10 linecolor rgb "#000000" linewidth 1.8 dashtype (2, 4) pointtype quiet[5] pointsize 0.9
set linetype cycle 10

set output out
set lmargin at screen 0.12
set rmargin at screen 0.97
set bmargin at screen 0.16
set tmargin at screen 0.77
set key at screen 0.545, screen 0.99 center top vertical maxrows 6 Left reverse noenhanced
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
plot keyentry title "they print:", \
	for [t = 1 : 5] cost using "processes":(is(tools[t], column("instructions"))) \
		smooth unique with linespoints linetype t title names[t], \
	keyentry title "they do not:", \
	for [t = 6 : 10] cost using "processes":(is(tools[t], column("instructions"))) \
		smooth unique with linespoints linetype t title names[t]
