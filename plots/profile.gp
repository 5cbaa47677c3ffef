# profile.gp - accumulated page faults over time, minor and major apart
#
#	gnuplot -d -c profile.gp OUT CAPTION SERIES PROCESSES
#
# OUT ends in .svg or .png, SERIES is what `reduce series` printed, PROCESSES what
# `reduce processes` did. Each process has a line of its own, which ends in a point
# where the process was unregistered; the thin grey one is the sum of all.

if (ARGC != 4) {
	printerr "usage: gnuplot -d -c profile.gp OUT CAPTION SERIES PROCESSES"
	exit status 2
}
out = ARG1
caption = ARG2
series = ARG3
processes = ARG4
width = 800
height = 600
load ARG0[1 : strstrt(ARG0, "profile.gp") - 1]."style.gp"

# The ends of the axes and the number of processes. stats only warns of what it
# cannot read.
array columns[3] = ["seconds", "minor_total", "major_total"]
array most[3]
do for [c = 1 : 3] {
	do for [i = 3 : 4] {
		undefine STATS_*
		stats ARGV[i] using columns[c] nooutput
		if (!exists("STATS_max")) {
			printerr ARGV[i].": no numbers in column ".columns[c]
			exit status 1
		}
		most[c] = i > 3 && most[c] > STATS_max ? most[c] : STATS_max
	}
}
undefine STATS_*
stats processes using "process" nooutput
if (!exists("STATS_max")) {
	printerr processes.": no numbers in column process"
	exit status 1
}
n = int(STATS_max)
array labels[n]
array ended[n]
undefine STATS_*
stats processes using (p = int(column("process")), labels[p] = stringcolumn("label"), \
	ended[p] = column("seconds")) nooutput
if (!exists("STATS_max")) {
	printerr processes.": no words in column label"
	exit status 1
}

# What is not of process p is no point of its line.
of(p, name) = column("process") == p ? column(name) : NaN
end(p, name) = column("seconds") == ended[p] ? of(p, name) : NaN

set output out
rows = (n + 2) / 2	# of the legend
set multiplot layout 2, 1 margins screen 0.14, screen 0.97, screen 0.16, \
	screen 0.955 - 0.028 * rows spacing screen 0.08
set xrange [0 : most[1]]

# One legend, above both panels.
set key at screen 0.55, screen 0.985 center top horizontal maxcols 2 Left reverse noenhanced
set ylabel "minor faults, accumulated"
eval axis("y", most[2])
plot series using "seconds":"minor_total" with lines linestyle 1 notitle, \
	for [p = 1 : n] processes using (of(p, "seconds")):(of(p, "minor_total")) \
		with lines linetype p title labels[p], \
	for [p = 1 : n] processes using (end(p, "seconds")):(end(p, "minor_total")) \
		with points linetype p notitle, \
	NaN with lines linestyle 1 title "all processes"

unset key
unset label 1
set ylabel "major faults, accumulated"
set xlabel "time (s)"
eval axis("y", most[3])
plot series using "seconds":"major_total" with lines linestyle 1, \
	for [p = 1 : n] processes using (of(p, "seconds")):(of(p, "major_total")) \
		with lines linetype p, \
	for [p = 1 : n] processes using (end(p, "seconds")):(end(p, "major_total")) \
		with points linetype p
unset multiplot
