# pinion_poisoned_call(PoisonedCall*): see guarded_call.cpp, which knows the same offsets.
#
# Registers cannot be trusted after the call, so the address of the block is kept in memory; one call at a time.

        .local  current_block
        .comm   current_block, 8, 8

        .section .rodata
        .balign 8
mxcsr_value:     .long 0x7f80
default_mxcsr:   .long 0x1f80
x87_control:     .word 0x0f7f

        .text
        .globl  pinion_poisoned_call
        .hidden pinion_poisoned_call
        .type   pinion_poisoned_call, @function
pinion_poisoned_call:
        .cfi_startproc
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        .cfi_adjust_cfa_offset 48
        sub     $8, %rsp                # rsp is 16-aligned again
        .cfi_adjust_cfa_offset 8
        mov     %rdi, current_block(%rip)
        mov     %rsp, 48(%rdi)

        # Garbage in the stack below.
        mov     %rdi, %rdx
        mov     $0xdbdbdbdbdbdbdbdb, %rax
        mov     $1024, %ecx
        lea     -8192(%rsp), %rdi
        rep stosq
        mov     %rdx, %rdi

        # Garbage in the vector registers, upper halves too.
        movq    %rax, %xmm0
        punpcklqdq %xmm0, %xmm0
        cmpl    $0, 124(%rdi)
        je      1f
        vinsertf128 $1, %xmm0, %ymm0, %ymm0
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        vmovaps %ymm0, %ymm\n
        .endr
        jmp     2f
1:
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        movaps  %xmm0, %xmm\n
        .endr
2:
        ldmxcsr mxcsr_value(%rip)
        fninit
        fldcw   x87_control(%rip)

        mov     $0x5eed5eed5eed0000, %rbx
        lea     1(%rbx), %rbp
        lea     2(%rbx), %r12
        lea     3(%rbx), %r13
        lea     4(%rbx), %r14
        lea     5(%rbx), %r15
        mov     %rax, %r8
        mov     %rax, %r9
        mov     %rax, %r10
        mov     0(%rdi), %r11
        mov     16(%rdi), %rsi
        mov     24(%rdi), %rdx
        mov     32(%rdi), %rcx
        mov     8(%rdi), %rdi
        call    *%r11

        mov     current_block(%rip), %rcx
        mov     %rsp, 56(%rcx)
        mov     48(%rcx), %rsp
        mov     %rax, 40(%rcx)
        mov     %rbx, 64(%rcx)
        mov     %rbp, 72(%rcx)
        mov     %r12, 80(%rcx)
        mov     %r13, 88(%rcx)
        mov     %r14, 96(%rcx)
        mov     %r15, 104(%rcx)
        pushfq
        popq    112(%rcx)
        cld
        stmxcsr 120(%rcx)
        ldmxcsr default_mxcsr(%rip)
        fnstenv 128(%rcx)
        fninit
        cmpl    $0, 124(%rcx)
        je      3f
        vzeroupper
3:
        add     $8, %rsp
        .cfi_adjust_cfa_offset -8
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        .cfi_adjust_cfa_offset -48
        ret
        .cfi_endproc
        .size   pinion_poisoned_call, .-pinion_poisoned_call
        .section .note.GNU-stack, "", @progbits
