# style.gp - what the figures have in common: fonts, palette, borders, output
#
# A figure loads this after it has set
#   out		the file to draw: .svg or .png
#   width, height	of the drawing in pixels
#   caption	the line below it

set encoding utf8
set datafile separator tab
set datafile columnheaders

# Named by its family alone, the font is the reader's own in an SVG, and gnuplot guesses how
# wide its words are: no font of this host has a part in it, nor need there be one. (A PNG needs
# one, or gnuplot complains.) Nothing here depends on the time or on a random number: same data,
# same bytes.
font = "sans-serif"
ending = out[strlen(out) - 3 : ]
if (ending eq ".svg") {
	set terminal svg size width, height font font.",12" background "#ffffff"
} else { if (ending eq ".png") {
	set terminal pngcairo size width, height font font.",10" background "#ffffff"
} else {
	printerr out.": expected a name that ends in .svg or .png"
	exit status 2
}}

# Okabe and Ito (2008), to be told apart by the colour-blind, too; and points
# and dashes of their own for print without colour.
set linetype 1 linecolor rgb "#0072b2" linewidth 1.8 dashtype 1 pointtype 7 pointsize 0.9
set linetype 2 linecolor rgb "#d55e00" linewidth 1.8 dashtype (12, 4) pointtype 4 pointsize 0.9
set linetype 3 linecolor rgb "#009e73" linewidth 1.8 dashtype (4, 4) pointtype 8 pointsize 1.0
set linetype 4 linecolor rgb "#cc79a7" linewidth 1.8 dashtype (12, 4, 4, 4) pointtype 5 pointsize 0.8
set linetype 5 linecolor rgb "#e69f00" linewidth 1.8 dashtype (20, 6) pointtype 6 pointsize 0.9
set linetype 6 linecolor rgb "#56b4e9" linewidth 1.8 dashtype (4, 8) pointtype 9 pointsize 1.0
unset linetype 7	# and 8 are gnuplot's own: the colours come round instead
unset linetype 8
set linetype cycle 6

# What stands behind them all.
grey = "#595959"
set style line 1 linecolor rgb "#a0a0a0" linewidth 1.0
set border 3 linecolor rgb grey
set tics nomirror out scale 0.6 textcolor rgb "#000000"
set grid linetype 1 linecolor rgb "#dddddd" linewidth 0.6 dashtype 1
set label 1 caption at screen 0.5, screen 0 offset 0, 0.9 center noenhanced \
	font font.",".(ending eq ".svg" ? 11 : 8) textcolor rgb grey

# 1234567 -> "1,234,567"; the printf of gnuplot does so in some locales only.
grouped(x) = x < 1000 ? sprintf("%d", x) : \
	grouped(floor(x / 1000)).sprintf(",%03d", x - 1000 * floor(x / 1000))

# The least number of at least x, and the greatest of at most x, that is 1, 2 or
# 5 times a power of ten.
above(x) = above_in(1.0 * x, 10.0 ** floor(log10(x)))
above_in(x, power) = x <= power ? power : x <= 2 * power ? 2 * power : \
	x <= 5 * power ? 5 * power : 10 * power
below(x) = below_in(1.0 * x, 10.0 ** floor(log10(x)))
below_in(x, power) = x >= 5 * power ? 5 * power : x >= 2 * power ? 2 * power : power

# eval axis("y", top): a linear axis for counts, from 0 to at least top, with
# about five tics.
axis(name, top) = spread(name, top < 1 ? 1.0 : 1.0 * top, top <= 5 ? 1.0 : above(top / 5.0))
spread(name, top, step) = sprintf("set %srange [0 : %.0f]; set %stics (%s)", \
	name, step * ceil(top / step), name, tics(0, step, top + step))
tics(at, step, end) = at >= end ? "" : sprintf("%s\"%s\" %.0f", \
	at > 0 ? ", " : "", grouped(at), at).tics(at + step, step, end)

# eval seconds_axis("x", top, names): a linear one that ends where the data do, with five tics or so. They
# have no names if that is 0, for a panel above another one with the same seconds.
seconds_axis(name, top, names) = sprintf("set %srange [0 : %g]; set %stics (%s)", name, top, name, \
	second_tics(0, above(top / 8.0), top, names))
second_tics(at, step, top, names) = at > 1.0001 * top ? "" : sprintf("%s\"%s\" %g", \
	at > 0 ? ", " : "", names ? sprintf("%g", at) : "", at).second_tics(at + step, step, top, names)

# eval signed_axis("y", least, most): a linear axis that holds both, and 0, with about four tics
signed_axis(name, low, high) = signed_spread(name, low < 0 ? 1.0 * low : 0, high > 0 ? 1.0 * high : 0)
signed_spread(name, low, high) = high > low ? signed_steps(name, low, high, above((high - low) / 4.0)) : signed_steps(name, -1.0, 1.0, 1.0)
signed_steps(name, low, high, step) = sprintf("set %srange [%g : %g]; set %stics %g", \
	name, step * floor(low / step), step * ceil(high / step), name, step)

# eval coarse_axis("y", top): the same with two or three, for a panel that is low
coarse_axis(name, top) = spread(name, top < 1 ? 1.0 : 1.0 * top, top <= 2 ? 1.0 : above(top / 2.0))

# eval log_axis("y", least, most): a logarithmic axis that holds both, with tics
# at 1, 2, 5, 10, 20 and so on. It begins a hair below the first, since gnuplot
# leaves out a tic on the very end.
log_axis(name, least, most) = log_spread(name, below(least), \
	above(most > least ? most : 1.01 * most))
log_spread(name, first, last) = sprintf("set logscale %s; set %srange [%g : %g]; set %stics (%s)", \
	name, name, 0.9999 * first, last, name, log_tics(first, last))
log_tics(at, last) = sprintf("\"%s\" %g", at < 1000 ? sprintf("%g", at) : grouped(at + 0.5), at). \
	(at > 0.99 * last ? "" : ", ".log_tics(at * (sprintf("%.0e", at)[1 : 1] eq "2" ? 2.5 : 2.0), last))
