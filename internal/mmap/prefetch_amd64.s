// This file holds prefetchWrite for amd64.

#include "textflag.h"

// func prefetchWrite(address unsafe.Pointer, length int)
TEXT ·prefetchWrite(SB), NOSPLIT, $0-16
	MOVQ address+0(FP), AX
	MOVQ length+8(FP), CX
	ADDQ AX, CX

line:
	// PREFETCHW (AX), which the assembler doesn't know. Processors without it take it for a NOP.
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08
	ADDQ $64, AX
	CMPQ AX, CX
	JB   line
	RET
