// void pinion_call_registers(Registers *block): see registers.hpp, whose offsets are repeated here.
//
// The one piece of assembly in the engine, and all that the interpreter needs besides C++: it works where no memory may
// be made executable. The frame is an ordinary rbp frame with unwind information, so C++ exceptions and debuggers pass
// through it. No calls come between loading the registers and the call (SqueakFFI's SQ03 was a call there).

#define TARGET          56
#define STACK           64
#define STACK_SIZE      72
#define STACK_MASK      80
#define VECTORS         88
#define X87_RESULTS     89
#define VECTOR_RESULTS  90
#define RAX             96
#define RDX             104
#define ST              112
#define VECTOR          160

        .text
        .globl  pinion_call_registers
        .hidden pinion_call_registers
        .type   pinion_call_registers, @function
        .p2align 5
pinion_call_registers:
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

        movq    STACK_SIZE(%rbx), %rcx
        testq   %rcx, %rcx
        jnz     .Lcopy_stack
.Lstack_ready:
        movzbl  VECTORS(%rbx), %eax
        testl   %eax, %eax
        jnz     .Lload_vectors
.Lvectors_ready:
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
        cmpb    $0, VECTOR_RESULTS(%rbx)
        jne     .Lstore_vectors
.Lvectors_stored:
        movzbl  X87_RESULTS(%rbx), %eax
        testl   %eax, %eax
        jnz     .Lpop_x87
.Ldone:
        movq    -8(%rbp), %rbx
        leave
        .cfi_remember_state
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_restore_state

        // Lowest slot first, each page touched in turn from the top, so that a guard page is never jumped over.
.Lcopy_stack:
        movq    %rsp, %rdx
        subq    %rcx, %rdx
        andq    STACK_MASK(%rbx), %rdx
.Lprobe:
        leaq    -4096(%rsp), %rax
        cmpq    %rdx, %rax
        jbe     .Lprobed
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
        jmp     .Lstack_ready

.Lload_vectors:
        cmpl    $2, %eax
        je      .Lload_ymm
        movaps  VECTOR+0(%rbx), %xmm0
        movaps  VECTOR+32(%rbx), %xmm1
        movaps  VECTOR+64(%rbx), %xmm2
        movaps  VECTOR+96(%rbx), %xmm3
        movaps  VECTOR+128(%rbx), %xmm4
        movaps  VECTOR+160(%rbx), %xmm5
        movaps  VECTOR+192(%rbx), %xmm6
        movaps  VECTOR+224(%rbx), %xmm7
        jmp     .Lvectors_ready
.Lload_ymm:
        vmovaps VECTOR+0(%rbx), %ymm0
        vmovaps VECTOR+32(%rbx), %ymm1
        vmovaps VECTOR+64(%rbx), %ymm2
        vmovaps VECTOR+96(%rbx), %ymm3
        vmovaps VECTOR+128(%rbx), %ymm4
        vmovaps VECTOR+160(%rbx), %ymm5
        vmovaps VECTOR+192(%rbx), %ymm6
        vmovaps VECTOR+224(%rbx), %ymm7
        jmp     .Lvectors_ready

.Lstore_vectors:
        cmpb    $2, VECTORS(%rbx)
        je      .Lstore_ymm
        movaps  %xmm0, VECTOR+0(%rbx)
        movaps  %xmm1, VECTOR+32(%rbx)
        jmp     .Lvectors_stored
.Lstore_ymm:
        vmovaps %ymm0, VECTOR+0(%rbx)
        vmovaps %ymm1, VECTOR+32(%rbx)
        vzeroupper
        jmp     .Lvectors_stored

        // Results stay on the x87 stack until they are popped: st0 first (psABI 3.2.3, "Returning of Values").
.Lpop_x87:
        fstpt   ST+0(%rbx)
        cmpl    $2, %eax
        jne     .Ldone
        fstpt   ST+16(%rbx)
        jmp     .Ldone
        .cfi_endproc
        .size   pinion_call_registers, .-pinion_call_registers

        .section .note.GNU-stack,"",@progbits
