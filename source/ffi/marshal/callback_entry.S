// The interpreter's entries for callbacks: C has jumped here through a thunk, with the CallbackHead in r10.
//
// The argument registers go into a Registers block (registers.hpp, whose offsets are repeated here), C++ does the rest, and
// the result registers come from the same block. An ordinary rbp frame, with unwind information.

#define RAX             56
#define RDX             64
#define VECTOR          80
#define YMM             360
#define X87_RESULTS     361
#define ST              368
#define SIZE            400

        .text

// void pinion_interpret_callback(CallbackHead *, Registers *, const std::byte *incoming)
.macro interpret
        movq    %rdi, 0(%rsp)
        movq    %rsi, 8(%rsp)
        movq    %rdx, 16(%rsp)
        movq    %rcx, 24(%rsp)
        movq    %r8, 32(%rsp)
        movq    %r9, 40(%rsp)
        movq    16(%r10), %rax          // head->code
        cmpb    $0, (%rax)              // code->uses_ymm
        jne     1f
        movaps  %xmm0, VECTOR+0(%rsp)
        movaps  %xmm1, VECTOR+32(%rsp)
        movaps  %xmm2, VECTOR+64(%rsp)
        movaps  %xmm3, VECTOR+96(%rsp)
        movaps  %xmm4, VECTOR+128(%rsp)
        movaps  %xmm5, VECTOR+160(%rsp)
        movaps  %xmm6, VECTOR+192(%rsp)
        movaps  %xmm7, VECTOR+224(%rsp)
        jmp     2f
1:      vmovups %ymm0, VECTOR+0(%rsp)
        vmovups %ymm1, VECTOR+32(%rsp)
        vmovups %ymm2, VECTOR+64(%rsp)
        vmovups %ymm3, VECTOR+96(%rsp)
        vmovups %ymm4, VECTOR+128(%rsp)
        vmovups %ymm5, VECTOR+160(%rsp)
        vmovups %ymm6, VECTOR+192(%rsp)
        vmovups %ymm7, VECTOR+224(%rsp)
2:      movq    %r10, %rdi
        movq    %rsp, %rsi
        leaq    16(%rbp), %rdx
        call    pinion_interpret_callback
        movzbl  X87_RESULTS(%rsp), %eax
        testl   %eax, %eax
        jz      4f
        cmpl    $2, %eax
        jne     3f
        fldt    ST+16(%rsp)
3:      fldt    ST+0(%rsp)
4:      movaps  VECTOR+0(%rsp), %xmm0
        movaps  VECTOR+32(%rsp), %xmm1
        cmpb    $0, YMM(%rsp)
        je      5f
        vmovups VECTOR+0(%rsp), %ymm0
5:      movq    RAX(%rsp), %rax
        movq    RDX(%rsp), %rdx
.endm

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
.endm

.macro end name
        leave
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size   \name, .-\name
.endm

        begin   pinion_callback_sysv
        subq    $SIZE, %rsp
        interpret
        end     pinion_callback_sysv

        // What our C++ may change and a Microsoft callee must not (Microsoft Learn, "x64 ABI conventions"): rdi, rsi,
        // xmm6 to xmm15.
        begin   pinion_callback_microsoft
        subq    $(SIZE + 176), %rsp
        movq    %rdi, SIZE+0(%rsp)
        movq    %rsi, SIZE+8(%rsp)
        movaps  %xmm6, SIZE+16(%rsp)
        movaps  %xmm7, SIZE+32(%rsp)
        movaps  %xmm8, SIZE+48(%rsp)
        movaps  %xmm9, SIZE+64(%rsp)
        movaps  %xmm10, SIZE+80(%rsp)
        movaps  %xmm11, SIZE+96(%rsp)
        movaps  %xmm12, SIZE+112(%rsp)
        movaps  %xmm13, SIZE+128(%rsp)
        movaps  %xmm14, SIZE+144(%rsp)
        movaps  %xmm15, SIZE+160(%rsp)
        interpret
        movq    SIZE+0(%rsp), %rdi
        movq    SIZE+8(%rsp), %rsi
        movaps  SIZE+16(%rsp), %xmm6
        movaps  SIZE+32(%rsp), %xmm7
        movaps  SIZE+48(%rsp), %xmm8
        movaps  SIZE+64(%rsp), %xmm9
        movaps  SIZE+80(%rsp), %xmm10
        movaps  SIZE+96(%rsp), %xmm11
        movaps  SIZE+112(%rsp), %xmm12
        movaps  SIZE+128(%rsp), %xmm13
        movaps  SIZE+144(%rsp), %xmm14
        movaps  SIZE+160(%rsp), %xmm15
        end     pinion_callback_microsoft

        .section .note.GNU-stack,"",@progbits
