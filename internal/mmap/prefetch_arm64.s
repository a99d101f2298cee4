// This file holds prefetchWrite for arm64.

#include "textflag.h"

// func prefetchWrite(address unsafe.Pointer, length int)
TEXT ·prefetchWrite(SB), NOSPLIT, $0-16
	MOVD address+0(FP), R0
	MOVD length+8(FP), R1
	ADD  R0, R1

line:
	PRFM (R0), PSTL1KEEP
	ADD  $64, R0
	CMP  R1, R0
	BLO  line
	RET
