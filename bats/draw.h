/*
 * draw.h - what the tests' programs leave to chance: the same for the same state
 */
#ifndef DRAW_H
#define DRAW_H

#include <stdint.h>

static uint64_t state;

/* splitmix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014): any seed will do. */
static inline uint64_t draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline uint64_t below(uint64_t n)
{
	return draw() % n;
}

#endif
