# profile.gp - accumulated page faults over time, minor and major apart
#
#	gnuplot -d -c profile.gp OUT CAPTION TABLE LABEL [TABLE LABEL]...
#
# OUT ends in .svg or .png, TABLE is what `reduce series` printed, LABEL says
# what ran. At most three tables, since gnuplot passes nine arguments on.

if (ARGC < 4 || ARGC % 2) {
	printerr "usage: gnuplot -d -c profile.gp OUT CAPTION TABLE LABEL [TABLE LABEL]..."
	exit status 2
}
out = ARG1
caption = ARG2
width = 800
height = 600
load ARG0[1 : strstrt(ARG0, "profile.gp") - 1]."style.gp"

# The ends of the axes. stats only warns of what it cannot read.
array columns[3] = ["seconds", "minor_total", "major_total"]
array most[3]
do for [c = 1 : 3] {
	do for [i = 3 : ARGC : 2] {
		undefine STATS_*
		stats ARGV[i] using columns[c] nooutput
		if (!exists("STATS_max")) {
			printerr ARGV[i].": no numbers in column ".columns[c]
			exit status 1
		}
		most[c] = i > 3 && most[c] > STATS_max ? most[c] : STATS_max
	}
}

set output out
set multiplot layout 2, 1 margins screen 0.14, screen 0.97, screen 0.16, screen 0.92 \
	spacing screen 0.08
set xrange [0 : most[1]]

# One legend, above both panels.
set key at screen 0.55, screen 0.985 center top horizontal Left reverse noenhanced
set ylabel "minor faults, accumulated"
eval axis("y", most[2])
plot for [i = 3 : ARGC : 2] ARGV[i] using "seconds":"minor_total" with lines title ARGV[i + 1]

unset key
unset label 1
set ylabel "major faults, accumulated"
set xlabel "time (s)"
eval axis("y", most[3])
plot for [i = 3 : ARGC : 2] ARGV[i] using "seconds":"major_total" with lines title ARGV[i + 1]
unset multiplot
