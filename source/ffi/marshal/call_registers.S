// void pinion_call_{integers,vectors,general}(Registers *block): see registers.hpp, whose offsets are repeated here.
//
// The one piece of assembly in the engine, and all that the interpreter needs besides C++: it works where no memory may
// be made executable. The frame is an ordinary rbp frame with unwind information, so C++ exceptions and debuggers pass
// through it. No calls come between loading the registers and the call (SqueakFFI's SQ03 was a call there).

#define RAX             56
#define RDX             64
#define TARGET          72
#define VECTOR          80
#define STACK           336
#define STACK_SIZE      344
#define STACK_MASK      352
#define YMM             360
#define X87_RESULTS     361
#define ST              368

        .text

.macro begin name
        .globl  \name
        .hidden \name
        .type   \name, @function
        .p2align 5
\name:
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        pushq   %rbx
        .cfi_offset %rbx, -24
        pushq   %rbx                    // keeps rsp 16-aligned
        movq    %rdi, %rbx
.endm

.macro load_integers_and_call
        movq    0(%rbx), %rdi
        movq    8(%rbx), %rsi
        movq    16(%rbx), %rdx
        movq    24(%rbx), %rcx
        movq    32(%rbx), %r8
        movq    40(%rbx), %r9
        movl    48(%rbx), %eax
        call    *TARGET(%rbx)
        movq    %rax, RAX(%rbx)
        movq    %rdx, RDX(%rbx)
.endm

.macro each_vector instruction, width
        \instruction  VECTOR+0(%rbx), %\width\()0
        \instruction  VECTOR+32(%rbx), %\width\()1
        \instruction  VECTOR+64(%rbx), %\width\()2
        \instruction  VECTOR+96(%rbx), %\width\()3
        \instruction  VECTOR+128(%rbx), %\width\()4
        \instruction  VECTOR+160(%rbx), %\width\()5
        \instruction  VECTOR+192(%rbx), %\width\()6
        \instruction  VECTOR+224(%rbx), %\width\()7
.endm

.macro end name
        movq    -8(%rbp), %rbx
        leave
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size   \name, .-\name
.endm

        begin   pinion_call_integers
        load_integers_and_call
        end     pinion_call_integers

        // movsd, not movaps: the interpreter wrote 8 bytes, and a wider load would wait for them to reach the cache.
        begin   pinion_call_vectors
        each_vector movsd, xmm
        load_integers_and_call
        movaps  %xmm0, VECTOR+0(%rbx)
        movaps  %xmm1, VECTOR+32(%rbx)
        end     pinion_call_vectors

        begin   pinion_call_general
        movq    STACK_SIZE(%rbx), %rcx
        testq   %rcx, %rcx
        jz      .Lstack_ready

        // Each page is touched in turn from the top, so that a guard page is never jumped over.
        movq    %rsp, %rdx
        subq    %rcx, %rdx
        andq    STACK_MASK(%rbx), %rdx
.Lprobe:
        leaq    -4096(%rsp), %rax
        cmpq    %rdx, %rax
        jb      .Lprobed
        movq    %rax, %rsp
        orq     $0, (%rsp)
        jmp     .Lprobe
.Lprobed:
        movq    %rdx, %rsp
        movq    STACK(%rbx), %rsi
        cmpq    $256, %rcx
        ja      .Lcopy_block
.Lcopy_slot:
        movq    -8(%rsi,%rcx), %rax
        movq    %rax, -8(%rsp,%rcx)
        subq    $8, %rcx
        jnz     .Lcopy_slot
        jmp     .Lstack_ready
.Lcopy_block:
        movq    %rsp, %rdi
        shrq    $3, %rcx
        rep movsq

.Lstack_ready:
        cmpb    $0, YMM(%rbx)
        jne     .Lload_ymm
        each_vector movaps, xmm
.Lcall:
        load_integers_and_call
        cmpb    $0, YMM(%rbx)
        jne     .Lstore_ymm
        movaps  %xmm0, VECTOR+0(%rbx)
        movaps  %xmm1, VECTOR+32(%rbx)

        // Results stay on the x87 stack until they are popped: st0 first (psABI 3.2.3, "Returning of Values").
.Lvectors_stored:
        movzbl  X87_RESULTS(%rbx), %eax
        testl   %eax, %eax
        jz      .Lreturn
        fstpt   ST+0(%rbx)
        cmpl    $2, %eax
        jne     .Lreturn
        fstpt   ST+16(%rbx)
        jmp     .Lreturn

.Lload_ymm:
        each_vector vmovups, ymm
        jmp     .Lcall
.Lstore_ymm:
        vmovups %ymm0, VECTOR+0(%rbx)
        vmovups %ymm1, VECTOR+32(%rbx)
        vzeroupper
        jmp     .Lvectors_stored

.Lreturn:
        end     pinion_call_general

        .section .note.GNU-stack,"",@progbits
